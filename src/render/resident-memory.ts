import { readFileSync } from 'node:fs'

/** Memory that a process holds at this moment, in bytes; `undefined` where nobody can tell, or when it has ended. */
export function residentBytes(pid: number): number | undefined {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
  } catch {
    // Not Linux, or it has ended: its end is told elsewhere.
    return undefined
  }
}
