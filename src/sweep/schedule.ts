import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { putSettled } from '../leases/put-settled.ts'
import { finishLeftOvers, type LeftOversOptions } from './intents.ts'
import type { SweepReport, Tally } from './report.ts'
import { sweep, type SweepOptions } from './sweep.ts'

const KEY = 'system/sweep/schedule.json'
const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

const turn = z.object({
  /** When the last sweep was begun. */
  at: z.iso.datetime(),
  /** Whether it came to its end. */
  ended: z.boolean(),
})

export interface SweepScheduleOptions extends SweepOptions, Pick<LeftOversOptions, 'abandonedAfterMs'> {
  /** From the beginning of one sweep to that of the next, whichever replica runs it; 0: no sweeps. */
  readonly intervalMs: number
  /** Pause between two looks for changes that were cut short; whether a sweep is due is looked at a tenth as often. */
  readonly checkMs?: number
  readonly onReport: (report: SweepReport) => void
  /** Called when changes were found that their programs did not live to finish. */
  readonly onLeftOvers: (tally: Tally) => void
  readonly onFailure: (error: unknown) => void
}

/** So many looks for what was cut short go by between two whether a sweep is due. */
const LOOKS_A_CLAIM = 10

/**
 * Finishes what was cut short with every look, and sweeps once in an interval: of all replicas the one that has
 * written so first. The first sweep of a bucket is an interval after the first look.
 */
export function createSweepSchedule(options: SweepScheduleOptions) {
  const { onReport, onLeftOvers, onFailure, checkMs = MINUTE_MS } = options
  const stop = new AbortController()
  let running = Promise.resolve()
  let faultsTold = ''

  async function finish(): Promise<void> {
    const tally = await finishLeftOvers(options)
    // What cannot be understood lies there until somebody looks: it is told once.
    const faults = tally.faults.join()
    if (faults !== faultsTold || tally.findings.leftOverIntents.objects > 0) onLeftOvers(tally)
    faultsTold = faults
  }

  async function sweepIfDue(): Promise<void> {
    const claim = await claimTurn(options)
    if (claim === undefined) return
    const report = await sweep({ ...options, signal: stop.signal })
    if (report === 'busy') return
    onReport(report)
    await claim.end()
  }

  async function check(): Promise<void> {
    await finish()
    await sweepIfDue()
  }

  async function follow(): Promise<void> {
    for (let looks = 1; !stop.signal.aborted; looks += 1) {
      try {
        // Replicas that were started together need not look together.
        await pause(checkMs * (0.5 + Math.random()), undefined, { signal: stop.signal })
        await (looks % LOOKS_A_CLAIM === 0 ? check() : finish())
      } catch (error) {
        if (!stop.signal.aborted) onFailure(error)
      }
    }
  }

  return {
    /** One look, now. */
    check,
    /** Looks from now on, until `close`. */
    start(): void {
      running = follow()
    },
    /** Stops; a sweep that is under way is gone on with by the next one. */
    async close(): Promise<void> {
      stop.abort()
      await running
    },
  }
}

/** Says that this replica sweeps now; `undefined` when no sweep is due, or another replica was first. */
async function claimTurn({
  store,
  clock,
  intervalMs,
}: SweepScheduleOptions): Promise<{ end(): Promise<void> } | undefined> {
  if (intervalMs === 0) return undefined
  // Two replicas never write the same.
  const id = randomUUID()
  const at = new Date(clock.now()).toISOString()
  const write = async (ended: boolean, condition: { ifMatch: string } | { ifNoneMatch: '*' }) =>
    putSettled(store, KEY, Buffer.from(JSON.stringify({ at, ended, id })), condition)
  const read = await store.get(KEY)
  if (read.outcome !== 'found') {
    await write(true, { ifNoneMatch: '*' })
    return undefined
  }
  const last = parseTurn(read.object.body)
  // One that did not end is gone on with sooner; if it is still at work it holds the lease.
  const afterMs = last?.ended === false ? Math.min(HOUR_MS, intervalMs) : intervalMs
  if (last !== undefined && clock.now() - Date.parse(last.at) < afterMs) return undefined
  const put = await write(false, { ifMatch: read.object.etag })
  if (put.outcome !== 'stored') return undefined
  return { end: async () => void (await write(true, { ifMatch: put.etag })) }
}

function parseTurn(body: Buffer): z.infer<typeof turn> | undefined {
  try {
    return turn.parse(JSON.parse(body.toString('utf8')))
  } catch (error) {
    // Of another release, or cut: sweeping is never wrong.
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined
    throw error
  }
}
