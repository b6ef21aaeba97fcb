import type { EventOutbox } from '../events/media-event.ts'
import type { EdgePurges } from '../purging/purging.ts'
import type { Source } from '../sources/source.ts'
import type { ListedObject, ObjectFacts, ObjectStore } from '../storage/object-store.ts'
import type { SourcePath } from '../urls/image-request.ts'
import type { Clock } from '../leases/clock.ts'
import type { Tally } from './report.ts'

/** What all passes of one sweep share. */
export interface SweepRun {
  readonly store: ObjectStore
  /** Where changes that were cut short confirm their events; without it their sender settles them. */
  readonly outbox?: EventOutbox | undefined
  /** What follows of finished changes at the edge; without it, nothing. */
  readonly edge?: EdgePurges | undefined
  readonly clock: Pick<Clock, 'now'>
  /** False in a dry run: nothing is written or removed. */
  readonly deletes: boolean
  readonly tally: Tally
  /** Before every destructive step: throws when the sweep is somebody else's by now. */
  readonly keepLease: () => Promise<void>
  /** What a path means at this moment, asked as requests ask. */
  readonly lookUp: (path: SourcePath) => Promise<Source | undefined>
  /** Whether look-ups can say anything about a path at all. */
  readonly knows: (path: string) => boolean
  /** The epoch of this release's variants. */
  readonly epoch: string
  /** How old variants of sources on other servers become. */
  readonly remoteKeepMs: number
}

/** One kind of thing to sweep: handles what is listed under its prefixes, batch by batch. */
export type Pass = (batch: readonly ListedObject[], run: SweepRun) => Promise<void>

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** How old things must be before they are swept. */
export const AGES_MS = {
  upload: DAY_MS,
  /** A ticket for parts lasts a day at most; the second is for clocks and for completions under way. */
  multipart: 2 * DAY_MS,
  /** No change takes nearly so long. */
  intent: HOUR_MS / 4,
  /** Completing an upload again is answered until then. */
  uploadState: 7 * DAY_MS,
  /** The same key is answered the same until then. */
  answer: DAY_MS,
  /** How far a purge is that somebody asked for is answered until then. */
  askedPurge: 7 * DAY_MS,
  /** A file this young may be about to be named by its record. */
  unnamedFile: DAY_MS,
  /** Between the mark and the removal there is time to notice a mistake. */
  mark: 7 * DAY_MS,
  /** A release that was rolled back may come again. */
  otherEpoch: 30 * DAY_MS,
  /** Where nothing else is said. */
  remoteVariant: 30 * DAY_MS,
} as const

/** Calls to the bucket under way at once. */
export const WIDTH = 8

/** How long ago the store took an object. */
export function ageMs({ lastModified }: ListedObject | ObjectFacts, run: Pick<SweepRun, 'clock'>): number {
  return run.clock.now() - lastModified.getTime()
}
