import { vi } from 'vitest'
import type { Clock } from '../../../src/leases/clock.ts'

interface Pause {
  readonly untilMs: number
  readonly end: () => void
}

/** Time that passes when it is told to, for everybody: `Date`, `performance`, and a clock whose pauses end with it. */
export function createTime(startMs: number) {
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: startMs })
  const pauses = new Set<Pause>()

  const clock: Clock = {
    now: () => Date.now(),
    elapsedMs: () => Date.now() - startMs,
    pause: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const leave = () => {
          pauses.delete(pause)
          reject(signal?.reason)
        }
        const end = () => {
          signal?.removeEventListener('abort', leave)
          resolve()
        }
        const pause = { untilMs: Date.now() + ms, end }
        pauses.add(pause)
        signal?.addEventListener('abort', leave, { once: true })
      }),
  }

  return {
    clock,
    /** When the next pause ends. */
    nextMs: () => Math.min(...[...pauses].map(({ untilMs }) => untilMs)),
    /** Turns all clocks; pauses that are over end. */
    turnTo(ms: number) {
      vi.advanceTimersByTime(ms - Date.now())
      for (const pause of pauses) {
        if (pause.untilMs > ms) continue
        pauses.delete(pause)
        pause.end()
      }
    },
    stop: () => vi.useRealTimers(),
  }
}

export type Time = ReturnType<typeof createTime>
