import type { Passing } from '../../src/sources/gate.ts'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { Sources, type SourcesOptions } from '../../src/sources/sources.ts'
import type { Source } from '../../src/sources/source.ts'
import type { SourcePath } from '../../src/urls/image-request.ts'

const at = (path: string): SourcePath => ({ shape: 'key', path })
const source = (path: string, version: string): Source => ({
  at: at(path),
  key: path,
  etag: `"${version}"`,
  bytes: 1,
  version,
  lastModified: new Date(0),
  access: 'public',
  managed: false,
  contentType: 'image/jpeg',
})
const away = new GatewayError('bucket_unreachable', 'The bucket does not answer')

const fail = async () => Promise.reject(away)

/** A look-up that lands when it is told to. */
function held() {
  const landing: ((source: Source) => void)[] = []
  const answer = new Promise<Source>((resolve) => landing.push(resolve))
  return { answer, land: (source: Source) => landing[0]?.(source) }
}

let answers: (() => Promise<Source | undefined>)[]
let asked: number
const create = (gate?: SourcesOptions['gate']) =>
  new Sources({
    gate,
    lookUp: () => {
      asked += 1
      const answer = answers.shift()
      if (answer === undefined) throw new Error('Nobody should ask')
      return answer()
    },
    ttlMs: 3000,
    timeoutMs: 5000,
  })

beforeEach(() => {
  answers = []
  asked = 0
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('Sources', () => {
  test('another server is asked beside the gate of the bucket, which knows who asks', async () => {
    const passed: (string | undefined)[] = []
    const sources = create({
      pass: async (work, { requester }: Passing) => {
        passed.push(requester?.client)
        return work()
      },
    })
    answers = [async () => source('a', 'v1'), async () => source('b', 'v1'), async () => source('c', 'v1')]
    await sources.find(at('a'), { requester: { dialect: 'native', client: '192.0.2.1' } })
    await sources.findFor(at('b'), 'v1', { requester: { dialect: 'native', client: '192.0.2.2' } })
    await sources.find({ shape: 'remote', path: 'remote/x', url: 'https://slow.example/c.jpg' })
    expect(passed).toEqual(['192.0.2.1', '192.0.2.2'])
  })

  test('what was forgotten while the bucket was being asked does not stand in for its answer', async () => {
    const sources = create()
    const asking: { fail?: (error: Error) => void } = {}
    answers = [async () => source('a', 'v1'), () => new Promise((_, reject) => (asking.fail = reject))]
    await sources.find(at('a'))
    vi.advanceTimersByTime(4000)
    const second = sources.find(at('a'))
    sources.forget('a')
    asking.fail?.(away)
    await expect(second).rejects.toBe(away)
  })

  test('what is not let in stays what it was, and whoever has to know at once is let in', async () => {
    const isShut = { now: false }
    const overloaded = new GatewayError('overloaded', 'Too much is being looked for')
    const sources = create({ pass: async (work) => (isShut.now ? Promise.reject(overloaded) : work()) })
    answers = [async () => source('a', 'v1'), async () => source('a', 'v2')]
    await sources.find(at('a'))
    vi.advanceTimersByTime(4000)
    isShut.now = true
    expect(await sources.find(at('a'))).toMatchObject({ source: { version: 'v1' }, stale: true })
    await expect(sources.find(at('b'))).rejects.toBe(overloaded)
    await expect(sources.findFor(at('b'), 'v1')).rejects.toBe(overloaded)
    await expect(sources.findAfter(at('a'), 'v1')).rejects.toBe(overloaded)
    expect((await sources.findNow(at('a'))).source?.version).toBe('v2')
    expect(asked).toBe(2)
  })

  test('what was found is believed for its time, and then asked for again', async () => {
    const sources = create()
    answers = [async () => source('a', 'v1'), async () => source('a', 'v2')]
    expect(sources.remembered(at('a'))).toBeUndefined()
    expect((await sources.find(at('a'))).source?.version).toBe('v1')
    vi.advanceTimersByTime(2999)
    expect((await sources.find(at('a'))).source?.version).toBe('v1')
    expect(sources.remembered(at('a'))?.source?.version).toBe('v1')
    vi.advanceTimersByTime(1)
    expect((await sources.find(at('a'))).source?.version).toBe('v2')
    expect(asked).toBe(2)
  })

  test('"nothing there" is remembered like everything else', async () => {
    const sources = create()
    answers = [async () => undefined]
    expect((await sources.find(at('a'))).source).toBeUndefined()
    expect((await sources.find(at('a'))).source).toBeUndefined()
    expect(asked).toBe(1)
  })

  test('many who ask at once cause one look-up', async () => {
    const sources = create()
    answers = [async () => source('a', 'v1')]
    await Promise.all(Array.from({ length: 50 }, () => sources.find(at('a'))))
    expect(asked).toBe(1)
  })

  test('findNow sees a change that a look-up under way may have missed', async () => {
    const sources = create()
    const old = held()
    answers = [() => old.answer, async () => source('a', 'v2')]
    const before = sources.find(at('a'))
    expect((await sources.findNow(at('a'))).source?.version).toBe('v2')
    old.land(source('a', 'v1'))
    expect((await before).source?.version).toBe('v1')
    expect(sources.remembered(at('a'))?.source?.version).toBe('v2')
  })

  test('what was forgotten while the bucket hangs is asked for again, however long that takes', async () => {
    const sources = create()
    const patience = new AbortController()
    vi.spyOn(AbortSignal, 'timeout').mockReturnValueOnce(patience.signal)
    const asking = held()
    answers = [async () => source('a', 'v1'), () => new Promise(() => {}), () => asking.answer]
    await sources.find(at('a'))
    vi.advanceTimersByTime(4000)
    const second = sources.find(at('a'))
    sources.forget('a')
    patience.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'))
    asking.land(source('a', 'v2'))
    expect(await second).toMatchObject({ source: { version: 'v2' }, stale: false })
  })

  test('while the bucket is away the last answer is given, marked as stale', async () => {
    const sources = create()
    answers = [async () => source('a', 'v1'), fail, async () => source('a', 'v2')]
    await sources.find(at('a'))
    vi.advanceTimersByTime(3000)
    expect(await sources.find(at('a'))).toMatchObject({ source: { version: 'v1' }, stale: true })
    expect(sources.remembered(at('a'))).toMatchObject({ stale: true })
    vi.advanceTimersByTime(1000)
    expect(await sources.find(at('a'))).toMatchObject({ source: { version: 'v2' }, stale: false })
  })

  /** What is answered for a path that was found once, when the next look-up fails. */
  async function afterFailure(failure: GatewayError) {
    const sources = create()
    answers = [async () => source('a', 'v1'), async () => Promise.reject(failure)]
    await sources.find(at('a'))
    vi.advanceTimersByTime(3000)
    return sources.find(at('a'))
  }

  test.each(['remote_unreachable', 'remote_unresolved', 'remote_failed', 'remote_timed_out'] as const)(
    'so it is while another server is away: %s',
    async (code) => {
      const found = await afterFailure(new GatewayError(code, 'The server does not answer'))
      expect(found).toMatchObject({ source: { version: 'v1' }, stale: true })
    },
  )

  test.each(['remote_refused', 'source_not_allowed', 'too_many_redirects'] as const)(
    'so it is not when another server may not be asked, or refuses: %s',
    async (code) => {
      const failure = new GatewayError(code, 'No')
      await expect(afterFailure(failure)).rejects.toBe(failure)
    },
  )

  test('a bucket that hangs is not waited for longer than a second when there is a last answer', async () => {
    vi.useRealTimers()
    const sources = new Sources({
      lookUp: () => answers.shift()?.() ?? Promise.reject(away),
      ttlMs: 0,
      timeoutMs: 60_000,
    })
    answers = [async () => source('a', 'v1'), () => new Promise(() => {})]
    await sources.find(at('a'))
    expect(await sources.find(at('a'))).toMatchObject({ source: { version: 'v1' }, stale: true })
  })

  test('an answer that comes after everybody has lost patience is remembered all the same', async () => {
    vi.useRealTimers()
    const sources = new Sources({ lookUp: () => answers.shift()?.() ?? fail(), ttlMs: 5, timeoutMs: 60_000 })
    const slow = held()
    answers = [async () => source('a', 'v1'), () => slow.answer]
    await sources.find(at('a'))
    await expect.poll(() => sources.remembered(at('a'))).toBeUndefined()
    expect(await sources.find(at('a'))).toMatchObject({ source: { version: 'v1' }, stale: true })
    slow.land(source('a', 'v2'))
    await expect.poll(async () => (await sources.find(at('a'))).source?.version).toBe('v2')
  })

  test('without a last answer, or with one that is too old, the failure is told', async () => {
    const sources = create()
    answers = [fail, async () => source('a', 'v1'), fail]
    await expect(sources.find(at('a'))).rejects.toThrow(away)
    await sources.find(at('a'))
    vi.advanceTimersByTime(16 * 60_000)
    await expect(sources.find(at('a'))).rejects.toThrow(away)
  })

  test('a record that cannot be understood is told, not papered over', async () => {
    const sources = create()
    const broken = new GatewayError('record_invalid', 'The record cannot be understood')
    answers = [async () => source('a', 'v1'), async () => Promise.reject(broken)]
    await sources.find(at('a'))
    vi.advanceTimersByTime(3000)
    await expect(sources.find(at('a'))).rejects.toThrow(broken)
  })

  test.each([
    ['items/1', ['items/1', 'items/1/photos/p1'], ['items/10', 'items/2/photos/p1']],
    [
      'items/1/photos/p1',
      ['items/1', 'items/1/photos/p1', 'items/1/photos/p1/original-x.jpg'],
      ['items/1/photos/p2'],
    ],
  ])('forgetting %s forgets %j and keeps %j', async (changed, gone, kept) => {
    const sources = create()
    answers = [...gone, ...kept].map((path) => async () => source(path, 'v1'))
    for (const path of [...gone, ...kept]) await sources.find(at(path))
    sources.forget(changed)
    for (const path of gone) expect(sources.remembered(at(path)), path).toBeUndefined()
    for (const path of kept) expect(sources.remembered(at(path)), path).toBeDefined()
  })

  test('a look-up under way while its path is forgotten is not remembered', async () => {
    const sources = create()
    const old = held()
    answers = [() => old.answer, async () => source('a', 'v2')]
    const before = sources.find(at('a'))
    sources.forgetAll()
    old.land(source('a', 'v1'))
    await before
    expect(sources.remembered(at('a'))).toBeUndefined()
    expect((await sources.find(at('a'))).source?.version).toBe('v2')
  })
})

test('the addresses of what lies on other servers count as memory, however short their paths are', async () => {
  const lookUps: string[] = []
  const abroad = (id: number): SourcePath => ({
    shape: 'remote',
    path: `remote/${String(id).padStart(64, '0')}`,
    url: `https://example.com/?${'a'.repeat(4_000)}`,
  })
  const sources = new Sources({
    lookUp: async (path) => {
      lookUps.push(path.path)
      return { ...source(path.path, 'v1'), at: path }
    },
    ttlMs: 3000,
    timeoutMs: 5000,
    maxBytes: 20_000,
  })
  for (let id = 0; id < 10; id += 1) await sources.find(abroad(id))
  const kept = Array.from({ length: 10 }, (_, id) => sources.remembered(abroad(id))).filter(Boolean)
  expect(kept.length * 4_000).toBeLessThanOrEqual(20_000)
  expect(kept.length).toBeGreaterThan(0)
  expect(lookUps).toHaveLength(10)
})
