import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { median } from '../../../bench/statistics.ts'
import { workersOf } from '../program.ts'

/** What a process holds at one moment. Linux only. */
export interface Vitals {
  readonly atMs: number
  readonly rssMb: number
  readonly descriptors: number
  readonly sockets: number
  readonly workers: number
  /** Of its workers together. */
  readonly workersMb: number
}

/** A process that is watched from its start. */
export interface Patient {
  readonly name: string
  readonly pid: number
  readonly samples: Vitals[]
}

/** How much more a process may hold at the end than when it was warm: its heap is cleared when it pleases. */
const GROWTH = { share: 1.3, mb: 64 }
/** Below so many samples nothing is said of growth. */
const SAMPLES = 12

/** Looks at a process; `undefined` when it has ended. */
export function readVitals(pid: number): Vitals | undefined {
  try {
    const links = readdirSync(`/proc/${pid}/fd`).map((name) => linkOf(pid, name))
    const workers = workersOf(pid)
    return {
      atMs: performance.now(),
      rssMb: rssMb(pid),
      descriptors: links.length,
      sockets: links.filter((link) => link.startsWith('socket:')).length,
      workers: workers.length,
      workersMb: workers.reduce((sum, worker) => sum + (isAlive(worker) ? rssMb(worker) : 0), 0),
    }
  } catch (error) {
    if (!isAlive(pid)) return undefined
    throw error
  }
}

/** Whether a process is there, and is more than its entry in the table. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    // Its directory is gone with it.
    return false
  }
}

/** Memory when warm and at the end: medians of the second and of the last quarter; `undefined` for a short life. */
export function growthOf(samples: readonly Pick<Vitals, 'rssMb'>[]) {
  if (samples.length < SAMPLES) return undefined
  const quarter = Math.floor(samples.length / 4)
  const warmMb = median(samples.slice(quarter, 2 * quarter).map((one) => one.rssMb))
  const endMb = median(samples.slice(-quarter).map((one) => one.rssMb))
  return { warmMb, endMb, isLeak: endMb > warmMb * GROWTH.share + GROWTH.mb }
}

function linkOf(pid: number, name: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${name}`)
  } catch {
    // Closed between the listing and this look.
    return 'closed'
  }
}

function rssMb(pid: number): number {
  try {
    const kb = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
    return Math.round(kb / 1024)
  } catch {
    // It has ended meanwhile: it holds nothing.
    return 0
  }
}
