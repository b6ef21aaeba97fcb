import { availableParallelism } from 'node:os'
import { describe, expect, it } from 'vitest'
import { parseOwnGroups } from '../../src/machine/cgroup.ts'
import { cpuCount, parseCfsQuota, parseCpuMax } from '../../src/machine/cpu-quota.ts'

describe('parseCpuMax', () => {
  it.each([
    ['max 100000\n', Infinity],
    ['200000 100000\n', 2],
    ['150000 100000', 1.5],
    ['50000 100000', 0.5],
    ['', Infinity],
    ['nonsense', Infinity],
    ['100000 0', Infinity],
  ])('%j is %d CPUs', (text, cpus) => {
    expect(parseCpuMax(text)).toBe(cpus)
  })
})

describe('parseCfsQuota', () => {
  it.each([
    ['-1\n', '100000\n', Infinity],
    ['400000', '100000', 4],
    ['25000', '50000', 0.5],
    ['', '', Infinity],
  ])('%j in %j is %d CPUs', (quota, period, cpus) => {
    expect(parseCfsQuota(quota, period)).toBe(cpus)
  })
})

describe('parseOwnGroups', () => {
  it.each([
    ['0::/\n', { v2: '/', v1: '/' }],
    ['0::/system.slice/halftone.service\n', { v2: '/system.slice/halftone.service', v1: '/' }],
    [
      '12:memory:/docker/a\n4:cpu,cpuacct:/docker/b\n1:cpuset:/docker/c\n0::/x\n',
      { v2: '/x', v1: '/docker/b' },
    ],
    ['', { v2: '/', v1: '/' }],
    ['nonsense\n', { v2: '/', v1: '/' }],
  ])('reads %j', (text, groups) => {
    expect(parseOwnGroups(text)).toEqual(groups)
  })
})

describe('cpuCount', () => {
  const cases: readonly [string, Record<string, string>, number][] = [
    ['no cgroups at all', {}, 8],
    ['no quota', { '/sys/fs/cgroup/cpu.max': 'max 100000' }, 8],
    ['a quota', { '/sys/fs/cgroup/cpu.max': '300000 100000' }, 3],
    [
      'a broken number of CPUs, of which only whole ones count',
      { '/sys/fs/cgroup/cpu.max': '290000 100000' },
      2,
    ],
    ['less than one CPU', { '/sys/fs/cgroup/cpu.max': '10000 100000' }, 1],
    ['a quota beyond the machine', { '/sys/fs/cgroup/cpu.max': '6400000 100000' }, 8],
    [
      'a quota of a group above',
      {
        '/proc/self/cgroup': '0::/pod/app',
        '/sys/fs/cgroup/pod/app/cpu.max': '500000 100000',
        '/sys/fs/cgroup/pod/cpu.max': '200000 100000',
      },
      2,
    ],
    [
      'cgroup v1',
      {
        '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '400000',
        '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000',
      },
      4,
    ],
  ]

  it.each(cases)('with %s', (_, files, cpus) => {
    expect(cpuCount((path) => files[path], 8)).toBe(cpus)
  })

  it('reads this machine', () => {
    const cpus = cpuCount()
    expect(cpus).toBeGreaterThanOrEqual(1)
    expect(cpus).toBeLessThanOrEqual(availableParallelism())
  })
})
