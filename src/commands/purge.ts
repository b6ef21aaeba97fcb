import { createAskedPurges } from '../composition/purging.ts'
import { openEdgeQueue } from '../composition/purging.ts'
import { type Config, ConfigError } from '../config.ts'
import { GatewayError } from '../errors.ts'
import { createClock } from '../leases/clock.ts'
import type { AskedPurges } from '../purging/asked-purges.ts'
import { sortPurgeWords } from '../purging/purge-request.ts'
import type { PurgeStatus } from '../purging/purging.ts'
import type { AskedPurge } from '../purging/queue.ts'
import { printable, useBucket, withBucket } from './bucket.ts'

export interface PurgeChoices {
  /** The id of a purge; `true`: of the whole queue. */
  readonly status?: string | true | undefined
  readonly json?: boolean | undefined
}

/**
 * Forgets items, tags, paths and prefixes everywhere, or says how far that is; false where there is no purge with the
 * id that was asked about.
 */
export async function purge(
  config: Config,
  words: readonly string[],
  choices: PurgeChoices = {},
): Promise<boolean> {
  const { status } = choices
  if ((status === undefined) === (words.length === 0))
    throw new ConfigError('purge: name what is to be forgotten, such as items/42, or ask with --status')
  const bucket = withBucket(config)
  const hasEdge = bucket.HALFTONE_CLOUDFRONT_DISTRIBUTION_ID !== undefined
  return useBucket(bucket, async (store) => {
    const clock = createClock(() => store.clockSkewMs())
    const edge = openEdgeQueue(bucket, store, clock)
    // What fails is thrown where it is waited for.
    const purges = createAskedPurges(bucket, { store, clock, edge, onFailure: () => {} })
    if (status === undefined) return carryOut(purges, words, { ...choices, hasEdge })
    return status === true ? tellQueue(purges, choices) : tellPurge(purges, status, choices)
  })
}

async function carryOut(
  purges: AskedPurges,
  words: readonly string[],
  { json, hasEdge }: PurgeChoices & { hasEdge: boolean },
): Promise<true> {
  const begun = await purges.begin(sortPurgeWords(words)).catch((error: unknown) => {
    if (error instanceof GatewayError && error.code === 'invalid_request')
      throw new ConfigError(`purge: ${error.message}`, { cause: error })
    throw error
  })
  const { id } = begun.purge
  const { variants, entry } = await begun.carriedOut
  const { paths, edge } = begun.targets
  if (json) {
    print(JSON.stringify({ id, paths, edge, variants, journal: entry.seq }))
    return true
  }
  const what = [...paths, ...edge].join(', ')
  print(
    `Removed ${variants} stored pictures of ${what}; replicas forget within seconds (journal entry ${entry.seq}).`,
  )
  print(
    hasEdge
      ? `A running gateway tells the edge. How far it is: halftone purge --status ${id}`
      : 'An edge is told nothing: HALFTONE_CLOUDFRONT_DISTRIBUTION_ID is not set here.',
  )
  return true
}

async function tellQueue(purges: AskedPurges, { json }: PurgeChoices): Promise<true> {
  const status = await purges.status()
  print(json ? JSON.stringify(status) : formatStatus(status))
  return true
}

async function tellPurge(purges: AskedPurges, id: string, { json }: PurgeChoices): Promise<boolean> {
  const found = await purges.find(id)
  if (found === undefined) {
    process.stderr.write(printable(`${id}: there is no purge with this id; they are kept for a week\n`))
    return false
  }
  print(json ? JSON.stringify(found) : formatPurge(found))
  return true
}

function formatStatus({ waiting, sent, oldestMs, refusal }: PurgeStatus): string {
  const oldest = waiting === 0 ? '' : `, the oldest for ${Math.round(oldestMs / 1000)} s`
  const lines = [`${waiting} waiting for the edge${oldest}`, `${sent} sent once, waiting for the second time`]
  if (refusal) lines.push(`not taken at ${refusal.at}: ${refusal.reason}, ${refusal.message}`)
  return lines.join('\n')
}

function formatPurge({ id, phase, at, invalidations, refused = [] }: AskedPurge): string {
  const notes = [
    `${phase} since ${at}`,
    invalidations.length > 0 ? `invalidations ${invalidations.join(', ')}` : '',
    refused.length > 0 ? `the edge refuses ${refused.join(', ')}` : '',
  ]
  return `${id}: ${notes.filter((note) => note !== '').join('; ')}`
}

function print(text: string): void {
  process.stdout.write(`${printable(text)}\n`)
}
