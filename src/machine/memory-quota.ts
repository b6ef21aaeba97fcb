import { totalmem } from 'node:os'
import { join } from 'node:path'
import { ancestors, parseOwnGroups, type ReadText, readText, ROOT } from './cgroup.ts'

/** Bytes that this process and its workers may use: the tightest limit of its cgroups, or all that the machine has. */
export function memoryBytes(read: ReadText = readText, machine: number = totalmem()): number {
  return Math.min(machine, ...limits(read))
}

/** `memory.max` of cgroup v2 and `memory.limit_in_bytes` of v1: bytes, or Infinity for `max` and what cannot be read. */
export function parseMemoryLimit(text: string | undefined): number {
  const limit = Number(text?.trim() || Number.NaN)
  return limit > 0 ? limit : Number.POSITIVE_INFINITY
}

/** The limits of our own group and of every group above it: each bounds those below. */
function limits(read: ReadText): number[] {
  const { v2, v1 } = parseOwnGroups(read('/proc/self/cgroup') ?? '', 'memory')
  return [
    ...ancestors(v2).map((group) => read(join(ROOT, group, 'memory.max'))),
    ...ancestors(v1).map((group) => read(join(ROOT, 'memory', group, 'memory.limit_in_bytes'))),
  ].map(parseMemoryLimit)
}
