import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { forget } from '../../src/cdn/forget.ts'
import { GatewayError } from '../../src/errors.ts'
import { createAlbums } from '../../src/library/albums.ts'
import { albumKey } from '../../src/media/records.ts'
import { JOURNAL_KEY, parseJournal } from '../../src/sources/journal.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { gateStore } from '../support/gated-store.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { middleColour, plainJpeg, putItem } from '../support/library.ts'

const RED = [254, 0, 0]
const BLUE = [0, 0, 254]

let bucket: ObjectStore
let gates: ReturnType<typeof gateStore>
let gateway: TestGateway

beforeEach(async () => {
  bucket = createMemoryObjectStore()
  gates = gateStore(bucket)
  await bucket.put('photos/a.jpg', await plainJpeg('#ff0000'), { contentType: 'image/jpeg' })
  await putItem(bucket, '42', ['#ff0000', '#00ff00'])
  gateway = await createTestGateway({ store: gates.store })
})
afterEach(() => gateway.close())

const overwrite = async (colour: string) =>
  bucket.put('photos/a.jpg', await plainJpeg(colour), { contentType: 'image/jpeg' })

async function versionedPath(target: string): Promise<string> {
  const answer = await gateway.fetch(target)
  await gateway.verbs()
  return answer.headers.get('content-location') ?? ''
}

async function storedVariants(): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of bucket.list('img/')) keys.push(key)
  return keys
}

const isNear = (colour: number[], wanted: number[]) =>
  colour.every((value, index) => Math.abs(value - (wanted[index] ?? 0)) <= 6)

async function colourOf(answer: Response): Promise<string> {
  const colour = await middleColour(Buffer.from(await answer.arrayBuffer()))
  if (isNear(colour, RED)) return 'red'
  return isNear(colour, BLUE) ? 'blue' : colour.join()
}

describe('a versioned path', () => {
  test('that is stored is kept for a year, and costs one bucket call', async () => {
    const path = await versionedPath('/img/photos/a.jpg/320.webp')
    gateway.variants.forgetAll()
    gateway.sources.forgetAll()
    const answer = await gateway.fetch(path)
    expect(answer.headers.get('cache-status')).toBe('memory; fwd=miss, bucket; hit')
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(await gateway.verbs()).toEqual(['get'])
  })

  test('of the current version that is not stored is rendered and stored', async () => {
    const path = (await versionedPath('/img/photos/a.jpg/320.webp')).replace('320.webp', '480.png')
    gateway.sources.forgetAll()
    const answer = await gateway.fetch(path)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toContain('immutable')
    expect(await gateway.verbs()).toEqual(['get', 'head', 'get', 'put', 'head'])
    expect(await storedVariants()).toContain(path.slice(1))
  })

  test('of a source that is gone is 404', async () => {
    const path = await versionedPath('/img/photos/a.jpg/320.webp')
    await bucket.delete(['photos/a.jpg', path.slice(1)])
    gateway.variants.forgetAll()
    expect((await gateway.fetch(path)).status).toBe(404)
  })

  test('of a version that is not current goes to the current one', async () => {
    const old = (await versionedPath('/img/photos/a.jpg/320.webp')).replace('320', '640')
    await overwrite('#0000ff')
    const answer = await gateway.fetch(old)
    expect(answer.status).toBe(302)
    expect(answer.headers.get('cache-control')).toBe('public, max-age=60')
    const location = answer.headers.get('location') ?? ''
    expect(location).not.toBe(old)
    expect(await colourOf(await gateway.fetch(location))).toBe('blue')
  })

  test('of another epoch is rendered here, kept for seconds, stored under our own, and never a redirect', async () => {
    const ours = await versionedPath('/img/photos/a.jpg/320.webp')
    const theirs = ours.replace(/(@[\w-]{12})[\w-]{3}/, '$1___')
    const answer = await gateway.fetch(theirs)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('public, max-age=5, stale-if-error=0')
    await gateway.verbs()
    expect(await storedVariants()).toEqual([ours.slice(1)])
  })

  test('by an alias, or with another spelling of the size, goes to the one spelling', async () => {
    const path = await versionedPath('/img/items/42/320.webp')
    const alias = await gateway.fetch(path.replace('/photos/p1', ''))
    expect([alias.status, alias.headers.get('location')]).toEqual([302, path])
    const preset = await gateway.fetch(path.replace('320.webp', 'medium.webp'))
    expect([preset.status, preset.headers.get('location')]).toEqual([308, path.replace('320', '800')])
    const offLadder = await gateway.fetch(path.replace('320.webp', '321.webp'))
    expect([offLadder.status, offLadder.headers.get('location')]).toEqual([308, path.replace('320', '384')])
  })

  test('with a condition: 304 while its source is current, without reading the picture', async () => {
    const path = await versionedPath('/img/photos/a.jpg/320.webp')
    const etag = (await gateway.fetch(path)).headers.get('etag') ?? ''
    gateway.variants.forgetAll()
    gateway.sources.forgetAll()
    const headers = { 'if-none-match': etag }
    const answer = await gateway.fetch(path, { headers })
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([
      304,
      'public, max-age=31536000, immutable',
    ])
    expect(await gateway.verbs()).toEqual(['head'])
    await bucket.delete(['photos/a.jpg', path.slice(1)])
    gateway.sources.forgetAll()
    expect((await gateway.fetch(path, { headers })).status).toBe(404)
  })
})

describe('conditions at a versioned path', () => {
  test('of another epoch: a date is not enough to call the picture of this release theirs', async () => {
    const ours = await versionedPath('/img/photos/a.jpg/320.webp')
    const theirs = ours.replace(/(@[\w-]{12})[\w-]{3}/, '$1___')
    const first = await gateway.fetch(theirs)
    const provisional = first.headers.get('cache-control')
    const date = first.headers.get('last-modified') ?? ''
    for (const headers of [{ 'if-modified-since': date }, { 'if-none-match': '*' }]) {
      const again = await gateway.fetch(theirs, { headers })
      expect([again.status, again.headers.get('cache-control')]).toEqual([304, provisional])
      expect(again.headers.get('etag')).toBe(first.headers.get('etag'))
    }
  })

  test('that is stored although its source is gone or replaced: 304, as it would be 200', async () => {
    const path = await versionedPath('/img/photos/a.jpg/320.webp')
    const etag = (await gateway.fetch(path)).headers.get('etag') ?? ''
    for (const change of [() => overwrite('#0000ff'), () => bucket.delete(['photos/a.jpg'])]) {
      await change()
      gateway.variants.forgetAll()
      gateway.sources.forgetAll()
      expect((await gateway.fetch(path, { headers: { 'if-none-match': '"other"' } })).status).toBe(200)
      gateway.variants.forgetAll()
      gateway.sources.forgetAll()
      expect((await gateway.fetch(path, { headers: { 'if-none-match': etag } })).status).toBe(304)
    }
  })

  test.each([
    ['is remembered as', () => {}],
    ['is known not to be', () => gateway.sources.forgetAll()],
  ])('many at once for a version that %s current: one look-up', async (_, prepare) => {
    const old = (await versionedPath('/img/photos/a.jpg/320.webp')).replace('320', '640')
    await overwrite('#0000ff')
    prepare()
    const lookUp = gates.hold('head', (key) => key === 'photos/a.jpg')
    const requests = Array.from({ length: 50 }, () => gateway.fetch(old))
    await lookUp.reached
    await new Promise((resolve) => setTimeout(resolve))
    lookUp.release()
    const answers = await Promise.all(requests)
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([302]))
    const lookUps = (await gateway.verbs()).filter((verb) => verb === 'head')
    expect(lookUps.length).toBeLessThan(5)
  })

  test('a redirect to the current version carries the tags of its source', async () => {
    const old = (await versionedPath('/img/items/42/320.webp')).replace(/@[\w-]{12}/, '@aaaaaaaaaaaa')
    const answer = await gateway.fetch(old)
    expect([answer.status, answer.headers.get('x-amz-meta-cache-tag')]).toEqual([
      302,
      'item:42,photo:42%2Fp1',
    ])
  })
})

describe('a source whose path is too long for a key of its own', () => {
  test.each([
    ['itself', (path: string) => path],
    ['by what is above it', (path: string) => path.slice(0, path.lastIndexOf('/'))],
    ['by its first folder', () => 'photos'],
  ])('is forgotten like any other, %s', async (_, purged) => {
    const path = [
      'photos',
      ...Array.from({ length: 4 }, () => 'f'.repeat(240)),
      `${'g'.repeat(40)}.jpg`,
    ].join('/')
    await bucket.put(path, await plainJpeg('#ff0000'), { contentType: 'image/jpeg' })
    await gateway.fetch(`/img/${path}/320.webp`)
    await gateway.verbs()
    expect(await storedVariants()).toHaveLength(1)
    expect(gateway.variants.stats.memoryEntries).toBe(1)
    await forget(bucket, [purged(path)])
    await gateway.journal.read()
    expect(await storedVariants()).toEqual([])
    expect(gateway.variants.stats.memoryEntries).toBe(0)
  })
})

describe('bytes are bound to the version', () => {
  test('a source overwritten between look-up and read never yields pixels under the wrong version', async () => {
    const read = gates.hold('get', (key) => key === 'photos/a.jpg')
    const request = gateway.fetch('/img/photos/a.jpg/320.webp')
    await read.reached
    await overwrite('#0000ff')
    read.release()
    const answer = await request
    const path = answer.headers.get('content-location') ?? ''
    expect(await colourOf(answer)).toBe('blue')
    await gateway.verbs()
    expect(await storedVariants()).toEqual([path.slice(1)])
    const current = await bucket.head('photos/a.jpg')
    gateway.sources.forgetAll()
    const again = await gateway.fetch('/img/photos/a.jpg/320.webp')
    expect(again.headers.get('content-location')).toBe(path)
    expect(current).toBeDefined()
  })

  test('the same at a versioned path is a redirect to the version that is there now', async () => {
    const old = (await versionedPath('/img/photos/a.jpg/320.webp')).replace('320', '640')
    const read = gates.hold('get', (key) => key === 'photos/a.jpg')
    const request = gateway.fetch(old)
    await read.reached
    await overwrite('#0000ff')
    read.release()
    const answer = await request
    expect(answer.status).toBe(302)
    expect(answer.headers.get('location')).not.toBe(old)
  })

  test('a source that changes each time it is read is 503, soon to be tried again', async () => {
    const first = gates.hold('get', (key) => key === 'photos/a.jpg')
    const request = gateway.fetch('/img/photos/a.jpg/320.webp')
    await first.reached
    await overwrite('#0000ff')
    const second = gates.hold('get', (key) => key === 'photos/a.jpg')
    first.release()
    await second.reached
    await overwrite('#00ff00')
    second.release()
    const answer = await request
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await storedVariants()).toEqual([])
  })

  test('a record that names a file that is not there is 503, not a wrong picture', async () => {
    const album = await bucket.get(albumKey('42'))
    const record = album.outcome === 'found' ? JSON.parse(album.object.body.toString()) : {}
    await bucket.delete([record.photos[0].key])
    expect((await gateway.fetch('/img/items/42/320.webp')).status).toBe(503)
  })
})

describe('what was rendered from a look-up that was too old does not stay in memory', () => {
  /** Asks for the cover of an item that is hidden while its record is on its way; the picture's versioned path. */
  async function askWhileHidden(): Promise<string> {
    const everything = { maxPhotos: 9, assertWritable: async () => {}, onUnfinished: () => {} }
    const albums = createAlbums({ store: bucket, ...everything })
    const lookUp = gates.hold('get', (key) => key === albumKey('42'), 'back')
    const asked = gateway.fetch('/img/items/42/320.webp')
    await lookUp.reached
    await albums.setAccess('42', 'private', { by: 'shop' })
    gateway.forget(['items/42'])
    lookUp.release()
    // Who asked before it was hidden sees it; nobody after that.
    const answer = await asked
    expect(answer.status).toBe(200)
    return answer.headers.get('content-location') ?? ''
  }

  test('where the bucket takes no pictures', async () => {
    await gateway.close()
    const put: ObjectStore['put'] = async (key, ...rest) => {
      if (key.startsWith('img/')) throw new GatewayError('bucket_refused', 'Nothing is taken')
      return gates.store.put(key, ...rest)
    }
    gateway = await createTestGateway({ store: { ...gates.store, put } })
    const path = await askWhileHidden()
    await gateway.writeBack.drain()
    expect((await gateway.fetch(path)).status).toBe(404)
  })

  test('nor in the bucket, where nobody can say any more whether it still stands', async () => {
    await gateway.close()
    let isAway = false
    const { store } = gates
    gateway = await createTestGateway({
      store: {
        ...store,
        put: async (key, ...rest) => {
          const result = await store.put(key, ...rest)
          isAway ||= key.startsWith('img/')
          return result
        },
        get: async (key, ...rest) => {
          if (isAway) throw new GatewayError('bucket_unreachable', 'The bucket does not answer')
          return store.get(key, ...rest)
        },
      },
    })
    const path = await askWhileHidden()
    await gateway.writeBack.drain()
    isAway = false
    expect(await storedVariants()).toEqual([])
    expect((await gateway.fetch(path)).status).toBe(404)
  })

  test('where there is no room in the queue of writes', async () => {
    await gateway.close()
    const environment = { HALFTONE_WRITE_CONCURRENCY: '1', HALFTONE_WRITE_QUEUE_LENGTH: '1' }
    gateway = await createTestGateway({ store: gates.store, environment })
    const write = gates.hold('put', (key) => key.startsWith('img/'))
    for (const width of [320, 640]) await gateway.fetch(`/img/photos/a.jpg/${width}.webp`)
    const path = await askWhileHidden()
    expect((await gateway.fetch(path)).status).toBe(404)
    write.release()
  })
})

describe('a late write-back', () => {
  test.each([
    ['deleted', () => bucket.delete(['photos/a.jpg'])],
    ['replaced', () => overwrite('#0000ff')],
  ])('leaves nothing behind when its source is %s meanwhile', async (_, change) => {
    const write = gates.hold('put', (key) => key.startsWith('img/'))
    expect((await gateway.fetch('/img/photos/a.jpg/320.webp')).status).toBe(200)
    await write.reached
    await forget(bucket, ['photos/a.jpg'], async () => {
      await change()
    })
    write.release()
    await gateway.verbs()
    expect(await storedVariants()).toEqual([])
    // Whoever has read it in between is told.
    const journal = await bucket.get(JOURNAL_KEY)
    const entries = journal.outcome === 'found' ? parseJournal(journal.object) : []
    expect(entries.map(({ paths }) => paths)).toEqual([['photos/a.jpg'], ['photos/a.jpg']])
    // Nor is it in memory, although the journal has not been read yet.
    gateway.sources.forgetAll()
    const answer = await gateway.fetch('/img/photos/a.jpg/320.webp')
    expect(answer.status === 404 || (await colourOf(answer)) === 'blue').toBe(true)
  })

  test('that finds the picture stored already takes the stored bytes as its own', async () => {
    const path = await versionedPath('/img/photos/a.jpg/320.webp')
    const theirs = await bucket.get(path.slice(1))
    const bytes = theirs.outcome === 'found' ? theirs.object.body : Buffer.alloc(0)
    await bucket.delete([path.slice(1)])
    gateway.variants.forgetAll()
    const write = gates.hold('put', (key) => key.startsWith('img/'))
    await gateway.fetch('/img/photos/a.jpg/320.webp')
    await write.reached
    // Another replica was first, with other bytes for the same picture.
    const other = Buffer.concat([bytes, Buffer.from('another encoder')])
    await bucket.put(path.slice(1), other, { contentType: 'image/webp' })
    write.release()
    await gateway.verbs()
    const answer = await gateway.fetch('/img/photos/a.jpg/320.webp')
    expect(answer.headers.get('cache-status')).toBe('memory; hit')
    expect(Buffer.from(await answer.arrayBuffer()).equals(other)).toBe(true)
  })
})
