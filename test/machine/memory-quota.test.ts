import { totalmem } from 'node:os'
import { describe, expect, it } from 'vitest'
import { memoryBytes, parseMemoryLimit } from '../../src/machine/memory-quota.ts'

const MB = 1024 * 1024

describe('parseMemoryLimit', () => {
  it.each([
    ['max\n', Number.POSITIVE_INFINITY],
    ['536870912\n', 512 * MB],
    ['', Number.POSITIVE_INFINITY],
    [undefined, Number.POSITIVE_INFINITY],
    ['nonsense', Number.POSITIVE_INFINITY],
  ])('%j is %d bytes', (text, bytes) => {
    expect(parseMemoryLimit(text)).toBe(bytes)
  })
})

describe('memoryBytes', () => {
  const cases: readonly [string, Record<string, string>, number][] = [
    ['no cgroups at all', {}, 8192],
    ['no limit', { '/sys/fs/cgroup/memory.max': 'max' }, 8192],
    ['a limit', { '/sys/fs/cgroup/memory.max': `${1024 * MB}` }, 1024],
    ['a limit beyond the machine', { '/sys/fs/cgroup/memory.max': `${99_999 * MB}` }, 8192],
    [
      'a limit of a group above',
      {
        '/proc/self/cgroup': '0::/pod/app\n',
        '/sys/fs/cgroup/pod/memory.max': `${2048 * MB}`,
        '/sys/fs/cgroup/pod/app/memory.max': `${4096 * MB}`,
      },
      2048,
    ],
    [
      'version 1, where no limit is a huge one',
      {
        '/proc/self/cgroup': '9:memory:/docker/a\n4:cpu,cpuacct:/docker/b\n',
        '/sys/fs/cgroup/memory/docker/a/memory.limit_in_bytes': `${512 * MB}`,
        '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712',
      },
      512,
    ],
  ]
  it.each(cases)('with %s', (_, files, megabytes) => {
    expect(memoryBytes((path) => files[path], 8192 * MB) / MB).toBe(megabytes)
  })

  it('of this machine is not more than it has', () => {
    expect(memoryBytes()).toBeGreaterThan(0)
    expect(memoryBytes()).toBeLessThanOrEqual(totalmem())
  })
})
