import { readFileSync } from 'node:fs'

/** What the gateway needs for itself: the bucket's 128 sockets, a worker's pipes, the journal, logs, other servers. */
const RESERVED = { always: 224, aWorker: 8 }

/**
 * How many connections clients may have so that descriptors are left for the bucket and for workers: at least half of
 * all that the process may open. Infinity where nobody tells how many that is.
 */
export function connectionRoom(workers: number, read: () => string | undefined = readLimits): number {
  const [, limit] = /^Max open files\s+(\d+)/m.exec(read() ?? '') ?? []
  if (limit === undefined) return Infinity
  const all = Number(limit)
  return Math.max(Math.floor(all / 2), all - RESERVED.always - workers * RESERVED.aWorker)
}

function readLimits(): string | undefined {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    // Not Linux.
    return undefined
  }
}
