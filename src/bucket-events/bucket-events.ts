import { GatewayError } from '../errors.ts'
import { type Affected, ChangeJudge, type JudgeOptions } from './affected.ts'
import { type BucketChange, parseChanges } from './change.ts'
import { Rounds } from './rounds.ts'

/** What became of a notified change, or `unreadable`: a message that is no notification. */
export type ChangeOutcome = keyof Affected['counts'] | 'unreadable'

export interface BucketEventsOptions extends JudgeOptions {
  /** Makes all caches forget source paths; when it resolves, no crash can lose that. */
  readonly forget: (paths: readonly string[]) => Promise<void>
  readonly onOutcome: (outcome: ChangeOutcome, count: number) => void
}

/** What others change in the bucket, made known to all caches. */
export interface BucketEvents {
  /** What a message tells of; `invalid_request` for what is no notification. */
  read(body: string): readonly BucketChange[]
  /** Resolves when all caches forget, or will, whatever happens, what these changes have changed. */
  take(changes: readonly BucketChange[]): Promise<void>
}

/** Paths of one purge: an entry of the journal names them all. */
const PATHS_A_PURGE = 200

/** Changes that come while others are being purged share the next purge. */
export function createBucketEvents(options: BucketEventsOptions): BucketEvents {
  const { forget, onOutcome } = options
  const judge = new ChangeJudge(options)
  const rounds = new Rounds<BucketChange>(async (changes) => {
    const { paths, counts } = await judge.judge(changes)
    for (let from = 0; from < paths.length; from += PATHS_A_PURGE)
      await forget(paths.slice(from, from + PATHS_A_PURGE))
    for (const verdict of ['foreign', 'own', 'ignored'] as const)
      if (counts[verdict] > 0) onOutcome(verdict, counts[verdict])
  })
  return {
    read(body) {
      const changes = parseChanges(body)
      if (changes !== undefined) return changes
      onOutcome('unreadable', 1)
      throw new GatewayError('invalid_request', 'This is no notification of a bucket')
    },
    async take(changes) {
      if (changes.length > 0) await rounds.add(changes)
    },
  }
}
