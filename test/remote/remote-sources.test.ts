import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { freshnessMs } from '../../src/remote/freshness.ts'
import type { RemoteOptions, RemoteSources } from '../../src/remote/remote-sources.ts'
import type { Source } from '../../src/sources/source.ts'
import { bytes, type OtherServer, remoteOn, startOtherServer } from '../support/other-server.ts'

const HOUR_MS = 3_600_000
const MODIFIED = 'Wed, 21 Oct 2015 07:28:00 GMT'

let server: OtherServer
let remote: RemoteSources

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: Date.UTC(2026, 0, 1) })
  server = await startOtherServer()
  remote = remoteOn(server.port)
})
afterEach(() => {
  vi.useRealTimers()
  remote.close()
  server.close()
})

const at = (path = '/a.jpg') => remote.parse(new URL(`http://pictures.test:${server.port}${path}`))

async function found(path = '/a.jpg'): Promise<Source> {
  const source = await remote.lookUp(at(path))
  if (source === undefined) throw new Error(`There is nothing at ${path}`)
  return source
}

async function versionOf(answer: Parameters<OtherServer['on']>[1]): Promise<string> {
  remote.forgetAll()
  server.on('/a.jpg', answer)
  return (await found()).version
}

function use(options: Partial<RemoteOptions>): void {
  remote.close()
  remote = remoteOn(server.port, options)
}

test('a source is what the answer says', async () => {
  server.on(
    '/a.jpg',
    bytes('four', { etag: '"one"', 'last-modified': MODIFIED, 'content-type': 'image/PNG; x=y' }),
  )
  const path = at()
  expect(path.path).toMatch(/^remote\/[0-9a-f]{64}$/)
  expect(await found()).toMatchObject({
    at: path,
    key: path.path,
    etag: '"one"',
    contentType: 'image/png',
    bytes: 4,
    lastModified: new Date(MODIFIED),
    access: 'public',
    managed: false,
  })
})

test('a path is of its URL, with its query and without its fragment', () => {
  const pathOf = (text: string) => remote.parse(new URL(text, `http://pictures.test:${server.port}`)).path
  const paths = ['/a', '/a?v=1', '/a?v=2', '/b', `http://other.test:${server.port}/a`].map(pathOf)
  expect(new Set(paths).size).toBe(5)
  expect(pathOf('/a#top')).toBe(pathOf('/a'))
  expect(pathOf('/x/../a')).toBe(pathOf('/a'))
  expect(pathOf(`HTTP://PICTURES.test:${server.port}/a`)).toBe(pathOf('/a'))
})

describe('the version', () => {
  test('is of the ETag where there is one, weak or not, whatever the bytes', async () => {
    const one = await versionOf(bytes('one', { etag: '"1"', 'last-modified': MODIFIED }))
    expect(one).toMatch(/^[\w-]{12}$/)
    expect(await versionOf(bytes('other', { etag: 'W/"1"' }))).toBe(one)
    expect(await versionOf(bytes('one', { etag: '"2"', 'last-modified': MODIFIED }))).not.toBe(one)
  })

  test('is else of date and length', async () => {
    const one = await versionOf(bytes('one', { 'last-modified': MODIFIED }))
    expect(await versionOf(bytes('two', { 'last-modified': MODIFIED }))).toBe(one)
    expect(await versionOf(bytes('three', { 'last-modified': MODIFIED }))).not.toBe(one)
    const later = 'Thu, 22 Oct 2015 07:28:00 GMT'
    expect(await versionOf(bytes('one', { 'last-modified': later }))).not.toBe(one)
  })

  test.each([{}, { etag: 'none' }, { etag: '""' }, { 'last-modified': 'yesterday' }])(
    'is else of the bytes: %j',
    async (headers: Record<string, string>) => {
      const one = await versionOf(bytes('one', headers))
      expect(await versionOf(bytes('one'))).toBe(one)
      expect(await versionOf(bytes('two', headers))).not.toBe(one)
    },
  )
})

describe('freshness', () => {
  test.each<[headers: Record<string, string>, hours: number]>([
    [{}, 1],
    [{ 'cache-control': 'max-age=60' }, 1],
    [{ 'cache-control': 'no-store' }, 1],
    [{ 'cache-control': 'max-age=0, must-revalidate' }, 1],
    [{ 'cache-control': 'public, max-age=7200' }, 2],
    [{ 'cache-control': 'max-age="7200"' }, 2],
    [{ 'cache-control': 'MAX-AGE=7200' }, 2],
    [{ 'cache-control': 'max-age=60, s-maxage=10800' }, 3],
    [{ 'cache-control': 's-maxage=10800,max-age=7200' }, 3],
    [{ 'cache-control': 'x-max-age=10800' }, 1],
    [{ 'cache-control': 'max-age=10800', age: '3600' }, 2],
    [{ 'cache-control': 'max-age=10800', age: 'old' }, 3],
    [{ expires: 'Thu, 01 Jan 2026 05:00:00 GMT' }, 5],
    [{ expires: 'Thu, 01 Jan 2026 05:00:00 GMT', date: 'Thu, 01 Jan 2026 01:00:00 GMT' }, 4],
    [{ expires: 'Thu, 01 Jan 2026 05:00:00 GMT', 'cache-control': 'max-age=7200' }, 2],
    [{ expires: '0' }, 1],
    [{ 'cache-control': 'max-age=9999999999' }, 365 * 24],
  ])('%j: %i hours', (headers, hours) => {
    expect(freshnessMs(headers, Date.now())).toBe(hours * HOUR_MS)
  })

  test('while it lasts nobody is asked, and afterwards on condition', async () => {
    server.on('/a.jpg', bytes('one', { etag: '"1"', 'cache-control': 'max-age=7200' }))
    const first = await found()
    vi.advanceTimersByTime(2 * HOUR_MS - 1)
    expect(await found()).toBe(first)
    expect(server.seen).toHaveLength(1)
    server.on('/a.jpg', (response) => response.writeHead(304, { 'cache-control': 'max-age=10800' }).end())
    vi.advanceTimersByTime(1)
    expect(await found()).toBe(first)
    expect(server.seen[1]?.headers['if-none-match']).toBe('"1"')
    // As long as the 304 says.
    vi.advanceTimersByTime(3 * HOUR_MS - 1)
    expect(await found()).toBe(first)
    expect(server.seen).toHaveLength(2)
  })

  test('a date is asked with as it was given', async () => {
    server.on('/a.jpg', bytes('one', { 'last-modified': MODIFIED }))
    await found()
    vi.advanceTimersByTime(HOUR_MS)
    await found()
    expect(server.seen[1]?.headers).toMatchObject({ 'if-modified-since': MODIFIED })
    expect(server.seen[1]?.headers['if-none-match']).toBeUndefined()
  })

  test('what is new afterwards has a new version', async () => {
    server.on('/a.jpg', bytes('one', { etag: '"1"' }))
    const first = await found()
    server.on('/a.jpg', bytes('second', { etag: '"2"' }))
    vi.advanceTimersByTime(HOUR_MS)
    const second = await found()
    expect(second).toMatchObject({ etag: '"2"', bytes: 6 })
    expect(second.version).not.toBe(first.version)
  })

  test('without any date the first sight counts, as long as the bytes are the same', async () => {
    server.on('/a.jpg', bytes('one'))
    const first = await found()
    vi.advanceTimersByTime(HOUR_MS)
    expect((await found()).lastModified).toEqual(first.lastModified)
    server.on('/a.jpg', bytes('two'))
    vi.advanceTimersByTime(HOUR_MS)
    expect((await found()).lastModified).not.toEqual(first.lastModified)
  })

  test('that there is nothing is believed for ten seconds', async () => {
    expect(await remote.lookUp(at())).toBeUndefined()
    server.on('/a.jpg', bytes('one'))
    vi.advanceTimersByTime(9_999)
    expect(await remote.lookUp(at())).toBeUndefined()
    vi.advanceTimersByTime(1)
    expect(await remote.lookUp(at())).toMatchObject({ bytes: 3 })
  })

  test.each([
    [503, 1_000],
    [403, 10_000],
  ])('that it fails with %i is believed for %i ms', async (status, ms) => {
    server.on('/a.jpg', (response) => response.writeHead(status).end())
    await expect(found()).rejects.toThrow(`${status}`)
    server.on('/a.jpg', bytes('one'))
    vi.advanceTimersByTime(ms - 1)
    await expect(found()).rejects.toThrow(`${status}`)
    expect(server.seen).toHaveLength(1)
    vi.advanceTimersByTime(1)
    expect(await found()).toMatchObject({ bytes: 3 })
  })

  test('what is forgotten is asked for anew, without conditions; and its body, too', async () => {
    server.on('/a.jpg', bytes('one', { etag: '"1"' }))
    server.on('/b.jpg', bytes('two', { etag: '"1"' }))
    const [source] = [await found(), await found('/b.jpg')]
    remote.forget(source.at.path)
    await found()
    await found('/b.jpg')
    expect(server.seen.map(({ url }) => url)).toEqual(['/a.jpg', '/b.jpg', '/a.jpg'])
    expect(server.seen[2]?.headers['if-none-match']).toBeUndefined()
    remote.forget('remote')
    await found('/b.jpg')
    expect(server.seen).toHaveLength(4)
  })

  test('an answer that was under way when it was forgotten is not remembered', async () => {
    const held: { answer?: () => void } = {}
    const asked = new Promise<void>((resolve) => {
      server.on('/a.jpg', (response, request) => {
        held.answer = () => bytes('old', { etag: '"1"' })(response, request)
        resolve()
      })
    })
    const first = found()
    await asked
    remote.forget(at().path)
    server.on('/a.jpg', bytes('newer', { etag: '"2"' }))
    const second = await found()
    held.answer?.()
    expect((await first).etag).toBe('"1"')
    expect(second.etag).toBe('"2"')
    expect((await found()).etag).toBe('"2"')
    expect(server.seen).toHaveLength(2)
  })
})

describe('bytes', () => {
  test('come from the look-up while they are kept', async () => {
    server.on('/a.jpg', bytes('one', { etag: '"1"' }))
    const source = await found()
    const got = await remote.bodies.get(source)
    expect(got).toMatchObject({
      outcome: 'found',
      object: { etag: '"1"', bytes: 3, body: Buffer.from('one') },
    })
    expect(server.seen).toHaveLength(1)
  })

  test.each([0, 600])('are fetched again where there is memory for %i of them', async (memoryBytes) => {
    use({ memoryBytes })
    server.on('/a.jpg', bytes(Buffer.alloc(200), { etag: '"1"' }))
    const source = await found()
    expect(await remote.bodies.get(source)).toMatchObject({ outcome: 'found' })
    expect(server.seen).toHaveLength(2)
  })

  test('of another version by now are `changed`, and the next look-up knows', async () => {
    use({ memoryBytes: 0 })
    server.on('/a.jpg', bytes('one', { etag: '"1"' }))
    const source = await found()
    server.on('/a.jpg', bytes('two', { etag: '"2"' }))
    expect(await remote.bodies.get(source)).toEqual({ outcome: 'changed' })
    expect((await found()).etag).toBe('"2"')
    expect(server.seen).toHaveLength(2)
  })

  test('that were replaced while they were kept are `changed` as well', async () => {
    server.on('/a.jpg', bytes('one', { etag: '"1"' }))
    const source = await found()
    server.on('/a.jpg', bytes('two', { etag: '"2"' }))
    vi.advanceTimersByTime(HOUR_MS)
    await found()
    expect(await remote.bodies.get(source)).toEqual({ outcome: 'changed' })
  })

  test('that are gone are absent', async () => {
    use({ memoryBytes: 0 })
    server.on('/a.jpg', bytes('one'))
    const source = await found()
    server.on('/a.jpg', (response) => response.writeHead(410).end())
    expect(await remote.bodies.get(source)).toEqual({ outcome: 'absent' })
    expect(await remote.lookUp(at())).toBeUndefined()
  })

  test('beyond what the caller takes are too large', async () => {
    server.on('/a.jpg', bytes('four'))
    const source = await found()
    expect(await remote.bodies.get(source, { maxBytes: 3 })).toEqual({ outcome: 'too-large', bytes: 4 })
  })
})
