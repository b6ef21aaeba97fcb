import { secretsIn, spellingsOf } from './secrets.ts'

/** Where something can leave the program. */
export const CHANNELS = ['output', 'log', 'header', 'body', 'metrics', 'worker-environment'] as const
export type Channel = (typeof CHANNELS)[number]

/** Looks for secrets in all that is emitted. */
export class EmissionWatch {
  readonly #spellings = new Map<string, string>()
  readonly #seen = new Map<Channel, number>()
  readonly #leaks = new Set<string>()

  /** Secrets known so far. */
  get size(): number {
    return new Set(this.#spellings.values()).size
  }

  /** How many texts have been looked at, by channel. */
  get seen(): ReadonlyMap<Channel, number> {
    return this.#seen
  }

  /** What was found since it was last asked, without the secrets themselves. */
  takeLeaks(): readonly string[] {
    const leaks = [...this.#leaks]
    this.#leaks.clear()
    return leaks
  }

  /** Begins anew: what was a secret in one test file may be somebody's name in the next. */
  forget(): void {
    this.#spellings.clear()
    this.#seen.clear()
    this.#leaks.clear()
  }

  /** From now on the secrets of this environment are looked for. */
  expect(environment: Readonly<Record<string, string | undefined>>): void {
    for (const secret of secretsIn(environment)) {
      for (const spelling of spellingsOf(secret)) this.#spellings.set(spelling, secret)
    }
  }

  /** Looks at something that was emitted. */
  note(channel: Channel, text: string): void {
    this.#seen.set(channel, (this.#seen.get(channel) ?? 0) + 1)
    for (const spelling of this.#spellings.keys()) {
      const at = text.indexOf(spelling)
      if (at >= 0) this.#leaks.add(`${channel}: …${text.slice(Math.max(0, at - 60), at)}[a secret]`)
    }
  }
}

/** What the programs and gateways of this test file emit. */
export const emissions = new EmissionWatch()

/** Looks at an answer: its headers, and its body where that is text. */
export function noteAnswer(answer: Response): void {
  emissions.note('header', [...answer.headers].map(([name, value]) => `${name}: ${value}`).join('\n'))
  const { headers } = answer
  const isText = /json|text\/|xml/.test(headers.get('content-type') ?? '')
  if (!isText || answer.bodyUsed || answer.body === null) return
  if (Number(headers.get('content-length') ?? Infinity) > MAX_BODY_BYTES) return
  // What cannot be read fails at whoever reads the answer itself.
  answer
    .clone()
    .text()
    .then(
      (text) => emissions.note('body', text),
      () => undefined,
    )
}

const plainFetch = globalThis.fetch

/** From now on every answer that comes to this process by `fetch` is looked at. */
export function watchFetch(): void {
  globalThis.fetch = async (...request) => {
    const answer = await plainFetch(...request)
    noteAnswer(answer)
    return answer
  }
}

const MAX_BODY_BYTES = 256 * 1024
