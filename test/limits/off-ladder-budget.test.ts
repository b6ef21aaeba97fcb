import { expect, onTestFinished, test, vi } from 'vitest'
import { createOffLadderBudget } from '../../src/limits/off-ladder-budget.ts'
import type { TransformSpec, VariantSpec } from '../../src/transform/spec.ts'
import { SharedCount } from '../../src/limits/shared-count.ts'
import { TokenBuckets } from '../../src/limits/token-buckets.ts'
import type { Source } from '../../src/sources/source.ts'
import { freePort, program, startServer, stopServer } from '../support/valkey.ts'

function createClock() {
  let nowMs = 1_800_000_000_000
  return { now: () => nowMs, pass: (ms: number) => void (nowMs += ms) }
}

const sourceOf = (path: string): Source => ({
  at: { shape: 'key', path },
  key: path,
  etag: '"e"',
  contentType: 'image/jpeg',
  bytes: 1,
  version: 'AAAAAAAAAAAA',
  lastModified: new Date(0),
  access: 'public',
  managed: false,
})

const SPEC: TransformSpec = { fit: 'width', width: 321, format: 'webp' }

function openBudget(perMinute: { client: number; source: number }) {
  const clock = createClock()
  const budget = createOffLadderBudget({ perMinute, now: clock.now })
  const take = async (address: string | undefined, path: string, spec: VariantSpec) =>
    budget.of({ address, setHeader: () => {} }).take(sourceOf(path), spec)
  return {
    clock,
    budget,
    granted: async (
      times: number,
      address: string | undefined,
      path: string,
      spec: VariantSpec = SPEC,
    ): Promise<number> => {
      let count = 0
      for (let asked = 0; asked < times; asked += 1) if (await take(address, path, spec)) count += 1
      return count
    },
  }
}

test('each source and each client has its own', async () => {
  const { granted } = openBudget({ client: 10, source: 6 })
  expect(await granted(20, '192.0.2.1', 'photos/a.jpg')).toBe(6)
  // What the source had not left has cost the client nothing: four are left for other sources.
  expect(await granted(20, '192.0.2.1', 'photos/b.jpg')).toBe(4)
  // What the client had not left has cost the source nothing either.
  expect(await granted(20, '192.0.2.2', 'photos/b.jpg')).toBe(2)
  expect(await granted(20, '192.0.2.2', 'photos/a.jpg')).toBe(0)
})

test('an IPv6 network is one client, and somebody without an address is counted by the source alone', async () => {
  const { granted } = openBudget({ client: 3, source: 100 })
  expect(await granted(2, '2001:db8::1', 'photos/a.jpg')).toBe(2)
  expect(await granted(5, '2001:db8::2', 'photos/b.jpg')).toBe(1)
  expect(await granted(200, undefined, 'photos/a.jpg')).toBe(98)
})

test('it fills evenly, up to what comes in a minute', async () => {
  const { granted, clock } = openBudget({ client: 0, source: 60 })
  expect(await granted(70, undefined, 'photos/a.jpg')).toBe(60)
  clock.pass(999)
  expect(await granted(3, undefined, 'photos/a.jpg')).toBe(0)
  clock.pass(1)
  expect(await granted(3, undefined, 'photos/a.jpg')).toBe(1)
  clock.pass(10_000)
  expect(await granted(30, undefined, 'photos/a.jpg')).toBe(10)
  clock.pass(24 * 3_600_000)
  expect(await granted(100, undefined, 'photos/a.jpg')).toBe(60)
})

test('0 is no limit', async () => {
  const { granted } = openBudget({ client: 0, source: 0 })
  expect(await granted(1_000, '192.0.2.1', 'photos/a.jpg')).toBe(1_000)
})

test('a refusal says when there will be something again', async () => {
  const { budget, granted, clock } = openBudget({ client: 0, source: 4 })
  await granted(4, undefined, 'photos/a.jpg')
  clock.pass(2_000)
  const headers = new Map<string, string>()
  const asked = budget.of({ address: undefined, setHeader: (name, value) => headers.set(name, value) })
  expect(await asked.take(sourceOf('photos/a.jpg'), SPEC)).toBe(false)
  expect(asked.refusal()).toMatchObject({ code: 'too_many_requests', status: 429 })
  expect(headers.get('retry-after')).toBe('13')
  clock.pass(13_000)
  expect(await asked.take(sourceOf('photos/a.jpg'), SPEC)).toBe(true)
})

test('strangers cannot fill the memory with buckets, and those in use are not lost', async () => {
  const { now } = createClock()
  const buckets = new TokenBuckets({ name: 'test', now })
  const own = { bucket: 'mine', perMinute: 1 }
  expect(await buckets.take([own])).toBe(0)
  for (const crowd of [40_000, 80_000, 120_000]) {
    for (let stranger = crowd - 40_000; stranger < crowd; stranger += 1)
      await buckets.take([{ bucket: `client:${stranger}`, perMinute: 1 }])
    expect(await buckets.take([own])).toBe(60_000)
  }
  expect(buckets.size).toBeLessThanOrEqual(50_000)
  expect(await buckets.take([own])).toBe(60_000)
})

test('a wall clock that is set back takes nothing from anybody', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const buckets = new TokenBuckets({ name: 'test' })
  const draw = [{ bucket: 'client:1', perMinute: 2 }]
  expect(await buckets.take(draw)).toBe(0)
  vi.setSystemTime(Date.now() - 3_600_000)
  expect([await buckets.take(draw), await buckets.take(draw)]).toEqual([0, 30_000])
})

test.skipIf(program === undefined)('replicas that share a Valkey or Redis draw on the same', async () => {
  const port = await freePort()
  const server = await startServer(port)
  const log = { info: () => {}, warn: () => {} }
  const counts = [1, 2].map(() => new SharedCount(`redis://127.0.0.1:${port}`, log))
  onTestFinished(async () => {
    for (const count of counts) count.close()
    await stopServer(server)
  })
  await Promise.all(counts.map(async (count) => count.ready()))
  const [one, other] = counts.map((shared) => new TokenBuckets({ name: 'test', shared }))
  const draws = [
    { bucket: 'client:1', perMinute: 1 },
    { bucket: 'source:1', perMinute: 3 },
  ]
  expect(await one?.take(draws)).toBe(0)
  const missing = await other?.take(draws)
  expect(missing).toBeGreaterThan(30_000)
  expect(missing).toBeLessThanOrEqual(60_000)
  // The source was not charged for what the client had not left.
  const source = draws.slice(1)
  expect([await other?.take(source), await one?.take(source)]).toEqual([0, 0])
  expect(await other?.take(source)).toBeGreaterThan(0)
  expect([one?.size, other?.size]).toEqual([0, 0])
  const client = counts[0]?.client
  const keys = (await client?.keys('*')) ?? []
  expect(keys).toHaveLength(2)
  for (const key of keys) expect(await client?.pttl(key)).toBeLessThanOrEqual(60_000)
})

test.each<[what: string, VariantSpec, granted: number]>([
  ['4 megapixels', { fit: 'cover', width: 2000, height: 2000, format: 'webp' }, 60],
  ['a pixel more', { fit: 'cover', width: 2001, height: 2000, format: 'webp' }, 30],
  ['100 megapixels', { fit: 'contain', width: 10_000, height: 10_000, format: 'webp' }, 2],
  ['a width that may be of a square', { fit: 'width', width: 4000, format: 'webp' }, 15],
  [
    'a wide border',
    {
      fit: 'width',
      width: 10,
      format: 'webp',
      edits: { border: { colour: '000000', top: 3000, right: 3000, bottom: 3000, left: 3000 } },
    },
    6,
  ],
  ['how large it would be', { facts: 'measure', of: { fit: 'width', width: 10_000 } }, 60],
])('costs as much as there is to make: %s', async (_, spec, times) => {
  const { granted } = openBudget({ client: 0, source: 60 })
  expect(await granted(100, undefined, 'photos/a.jpg', spec)).toBe(times)
})

test('what costs more than a bucket holds takes all of it', async () => {
  const { granted, clock } = openBudget({ client: 0, source: 5 })
  const huge = { fit: 'contain', width: 10_000, height: 10_000, format: 'webp' } as const
  expect(await granted(3, undefined, 'photos/a.jpg', huge)).toBe(1)
  clock.pass(60_000)
  expect(await granted(3, undefined, 'photos/a.jpg', huge)).toBe(1)
})
