import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { ancestors, parseOwnGroups, type ReadText, readText, ROOT } from './cgroup.ts'

/** CPUs that this process may use: what the cgroup's quota leaves of the machine's, in whole ones, at least 1. */
export function cpuCount(read: ReadText = readText, machine: number = availableParallelism()): number {
  const quota = Math.min(...quotas(read))
  return Math.max(1, Math.min(machine, Math.floor(quota)))
}

/** `cpu.max` of cgroup v2: `max 100000` or `150000 100000`, in microseconds. CPUs; Infinity without a quota. */
export function parseCpuMax(text: string): number {
  const [quota, period] = text.trim().split(/\s+/)
  return perPeriod(Number(quota), Number(period))
}

/** `cpu.cfs_quota_us` and `cpu.cfs_period_us` of cgroup v1; a quota of -1 is none. CPUs; Infinity without a quota. */
export function parseCfsQuota(quota: string, period: string): number {
  return perPeriod(Number(quota), Number(period))
}

function perPeriod(quota: number, period: number): number {
  return quota > 0 && period > 0 ? quota / period : Infinity
}

/** The quotas of our own group and of every group above it: each bounds those below. */
function quotas(read: ReadText): number[] {
  const { v2, v1 } = parseOwnGroups(read('/proc/self/cgroup') ?? '')
  return [
    ...ancestors(v2).map((group) => parseCpuMax(read(join(ROOT, group, 'cpu.max')) ?? '')),
    ...ancestors(v1).map((group) => cfsQuota(read, join(ROOT, 'cpu', group))),
  ]
}

function cfsQuota(read: ReadText, directory: string): number {
  const quota = read(join(directory, 'cpu.cfs_quota_us')) ?? ''
  return parseCfsQuota(quota, read(join(directory, 'cpu.cfs_period_us')) ?? '')
}
