import { setTimeout as sleep } from 'node:timers/promises'
import { type AnsweredBy, type Ask, type Asked } from './ask.ts'
import type { WarmTask } from './warm-tasks.ts'

export interface WarmOptions {
  readonly ask: Ask
  /** Requests at once. */
  readonly lanes: number
  /** Called when nothing is left to do for a task. */
  readonly onDone?: (task: WarmTask) => void
  readonly onFailure?: (target: string, reason: string) => void
  /** Called after each picture. */
  readonly onPicture?: (report: WarmReport) => void
  readonly pause?: (ms: number) => Promise<unknown>
}

/** What came of the warming. */
export interface WarmReport {
  /** Pictures that are warm now, by where they came from: `edge` ones were warm there before. */
  readonly by: Readonly<Record<AnsweredBy, number>>
  /** All of them. */
  readonly warm: number
  readonly bytes: number
  /** Pictures that are not there, or not for everybody. */
  readonly absent: number
  readonly failed: number
  /** How often it was waited for a server that was busy or could not be reached. */
  readonly waits: number
  /** Why it ended before its end: the server was asked to no avail, time and again. */
  readonly gaveUp?: string
}

const ATTEMPTS = 8
const FIRST_PAUSE_MS = 500
const MAX_PAUSE_MS = 60_000

/**
 * Asks for pictures so that caches have them, so many at a time. When the server has too much to do all of them wait,
 * as long as it says; what it refuses eight times ends the warming.
 */
export async function warm(tasks: AsyncIterable<WarmTask>, options: WarmOptions): Promise<WarmReport> {
  const run = new WarmRun(options)
  const queue = tasks[Symbol.asyncIterator]()
  const lanes = await Promise.allSettled(Array.from({ length: options.lanes }, () => run.lane(queue)))
  await queue.return?.()
  for (const lane of lanes) if (lane.status === 'rejected') throw lane.reason
  return run.report
}

class WarmRun {
  readonly #options: WarmOptions
  readonly #by = { edge: 0, memory: 0, bucket: 0, render: 0, collapsed: 0, unknown: 0 }
  readonly #counts = { warm: 0, bytes: 0, absent: 0, failed: 0, waits: 0 }
  #gaveUp: string | undefined
  /** Until nobody is to wait any more. */
  #rest: Promise<unknown> = Promise.resolve()

  constructor(options: WarmOptions) {
    this.#options = options
  }

  get report(): WarmReport {
    const gaveUp = this.#gaveUp
    return { ...this.#counts, by: { ...this.#by }, ...(gaveUp !== undefined && { gaveUp }) }
  }

  /** Does one task after the other, as long as there are any. */
  async lane(queue: AsyncIterator<WarmTask>): Promise<void> {
    for (let next = await queue.next(); next.done !== true; next = await queue.next()) {
      if (await this.#warmTask(next.value)) this.#options.onDone?.(next.value)
      if (this.#gaveUp !== undefined) return
    }
  }

  /** Whether nothing is left to do. */
  async #warmTask({ targets }: WarmTask): Promise<boolean> {
    let isWhole = true
    for (const target of targets) {
      const asked = await this.#insist(target)
      if (this.#gaveUp !== undefined) return false
      if (asked.outcome !== 'warm' && asked.outcome !== 'absent') isWhole = false
      this.#count(target, asked)
    }
    return isWhole
  }

  #count(target: string, asked: Asked): void {
    if (asked.outcome === 'warm') {
      this.#by[asked.by] += 1
      this.#counts.warm += 1
      this.#counts.bytes += asked.bytes
    } else if (asked.outcome === 'absent') {
      this.#counts.absent += 1
    } else {
      this.#counts.failed += 1
      this.#options.onFailure?.(target, asked.reason)
    }
    this.#options.onPicture?.(this.report)
  }

  async #insist(target: string): Promise<Asked> {
    for (let attempt = 1; ; attempt += 1) {
      await this.#rest
      const asked = await this.#options.ask(target)
      if (asked.outcome !== 'later' || this.#gaveUp !== undefined) return asked
      if (attempt === ATTEMPTS) {
        this.#gaveUp = `${target}: ${asked.reason}`
        return asked
      }
      this.#counts.waits += 1
      this.#wait(Math.max(asked.afterMs ?? 0, FIRST_PAUSE_MS * 2 ** (attempt - 1)))
    }
  }

  /** Lets everybody wait, so that the server can catch up; a pause that is under way is not cut short. */
  #wait(ms: number): void {
    const { pause = sleep } = this.#options
    // Not longer than a minute, and not all at once again afterwards.
    const spread = Math.min(ms, MAX_PAUSE_MS) * (1 + Math.random() / 4)
    this.#rest = Promise.all([this.#rest, pause(spread)])
  }
}
