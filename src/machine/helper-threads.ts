import { readdirSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'

/** Enough that the thread that answers hardly waits for them, and that they are done when it rests for a moment. */
const NICENESS = 10
/** The lowest priority that there is. */
const LEAST = 19

/**
 * Lets the thread that answers go before all others of this process, which collect garbage, compile, and look up names:
 * where they share a CPU with it, it would wait for their slices of time. They keep ahead of render workers, whose
 * niceness this is. Linux only, where each thread has a priority of its own (sched(7)); elsewhere nothing happens.
 */
export function yieldToMainThread(workerNiceness: number): void {
  const niceness = Math.min(LEAST, getPriority() + Math.min(NICENESS, workerNiceness))
  for (const thread of otherThreads()) {
    try {
      setPriority(thread, niceness)
    } catch {
      // It has ended since, or a container forbids it: everything goes on as it did.
    }
  }
}

function otherThreads(): number[] {
  try {
    return readdirSync('/proc/self/task')
      .map(Number)
      .filter((thread) => thread !== process.pid)
  } catch {
    // Not Linux.
    return []
  }
}
