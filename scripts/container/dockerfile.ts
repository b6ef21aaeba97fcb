/** One line of a Dockerfile, continuations joined. */
export interface Instruction {
  readonly word: string
  readonly rest: string
}

export interface Stage {
  /** The image that it begins with. */
  readonly from: string
  /** As other stages call it; the last one has none. */
  readonly name: string
  readonly instructions: readonly Instruction[]
}

/** The stages of a Dockerfile, in order. */
export function parseDockerfile(text: string): Stage[] {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*(?:#|$)/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
  const stages: { from: string; name: string; instructions: Instruction[] }[] = []
  for (const line of lines) {
    const [, word = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? []
    const [from = '', , name = ''] = rest.split(/\s+/)
    if (word === 'FROM') stages.push({ from, name, instructions: [] })
    else stages.at(-1)?.instructions.push({ word, rest })
  }
  return stages
}

/** What an engine would do with a container of the last stage. */
export interface ImageSettings {
  readonly environment: Readonly<Record<string, string>>
  readonly uid: number
  readonly gid: number
  readonly workdir: string
  readonly command: readonly string[]
  readonly health: readonly string[]
}

/** Reads what a stage says of its containers; commands have to be lists, so that no shell is between. */
export function settingsOf({ instructions }: Stage): ImageSettings {
  const said = (word: string) => instructions.filter((one) => one.word === word).map(({ rest }) => rest)
  const [uid = 0, gid = 0] = (said('USER').at(-1) ?? '0:0').split(':').map(Number)
  const pairs = said('ENV').flatMap((rest) => [...rest.matchAll(/(\w+)=(\S+)/g)])
  return {
    environment: Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value])),
    uid,
    gid,
    workdir: said('WORKDIR').at(-1) ?? '/',
    command: listOf(said('CMD').at(-1)),
    health: listOf(
      said('HEALTHCHECK')
        .at(-1)
        ?.replace(/^.*?CMD\s+/, ''),
    ),
  }
}

function listOf(text = '[]'): string[] {
  const list: unknown = JSON.parse(text)
  if (Array.isArray(list) && list.every((word) => typeof word === 'string')) return list
  throw new Error(`${text}: a list of words is wanted`)
}
