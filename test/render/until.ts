import { setTimeout as sleep } from 'node:timers/promises'

/** Waits until a condition holds, and returns what it gave; throws when it never does within `boundMs`. */
export async function until<T>(condition: () => T | undefined | false, boundMs = 10_000): Promise<T> {
  const end = performance.now() + boundMs
  for (;;) {
    const value = condition()
    if (value !== undefined && value !== false) return value
    if (performance.now() > end)
      throw new Error(`Did not come true within ${boundMs} ms: ${condition.toString()}`)
    await sleep(2)
  }
}
