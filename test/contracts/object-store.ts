import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'

/** A store to try, and what its server is known to do otherwise than the contract says. */
export interface StoreUnderTest {
  readonly name: string
  readonly open: () => Promise<{ store: ObjectStore; close: () => Promise<void> }>
  /** What its server cannot do: replace on `If-Match`; conditional deletes; keys with control characters. */
  readonly lacks?: readonly string[]
}

const jpeg = { contentType: 'image/jpeg' }
const text = (body: string) => Buffer.from(body)

/** In UTF-8 byte order, which for the last two is not the order of JavaScript's strings. */
const oddKeys = [
  'a b',
  "a!'()*",
  'a%20b',
  'a&<>"b',
  'a+b',
  'a//b',
  'a=b?c#d',
  'ä/日本.jpg',
  '\uE000.jpg',
  '🐈.jpg',
].toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))

/** The contract of `ObjectStore`, which every implementation keeps. */
export function describeObjectStore({ name, open, lacks = [] }: StoreUnderTest): void {
  describe(`ObjectStore: ${name}`, () => {
    const root = `contract/${randomBytes(6).toString('hex')}/`
    let store: ObjectStore
    let close: () => Promise<void>

    beforeAll(async () => ({ store, close } = await open()))
    afterAll(async () => {
      const left = await keysUnder(root)
      await store.delete(left)
      await close()
    })

    async function keysUnder(prefix: string, onPage: () => void = () => {}): Promise<string[]> {
      const keys: string[] = []
      for await (const object of store.list(prefix, { onPage })) keys.push(object.key)
      return keys
    }

    async function stored(key: string, body: string): Promise<string> {
      const result = await store.put(key, text(body), jpeg)
      if (result.outcome !== 'stored') throw new Error('not stored')
      return result.etag
    }

    async function bodyOf(key: string): Promise<string> {
      const result = await store.get(key)
      return result.outcome === 'found' ? result.object.body.toString() : result.outcome
    }

    test('gives back what was put, and the same facts to get, head and list', async () => {
      const key = `${root}facts.jpg`
      const body = randomBytes(300_000)
      const cacheControl = 'public, max-age=31536000, immutable'
      const metadata = { 'cache-tag': 'item:42,source:a%20b' }
      const put = await store.put(key, body, { contentType: 'image/webp', cacheControl, metadata })
      const head = await store.head(key)
      const got = await store.get(key)
      const listed = []
      for await (const object of store.list(key)) listed.push(object)

      const etag = put.outcome === 'stored' ? put.etag : ''
      expect(etag).toMatch(/^".+"$/)
      expect(head).toMatchObject({
        key,
        etag,
        bytes: 300_000,
        contentType: 'image/webp',
        cacheControl,
        metadata,
      })
      expect(Math.abs(Date.now() - (head?.lastModified.getTime() ?? 0))).toBeLessThan(60_000)
      expect(got).toEqual({ outcome: 'found', object: { ...head, body } })
      expect(listed).toMatchObject([{ key, etag, bytes: 300_000 }])
    })

    test('stamps every object with its checksum, before what the caller says', async () => {
      const key = `${root}stamp`
      await store.put(key, text('123456789'), jpeg)
      expect((await store.head(key))?.metadata).toEqual({ halftone: 'v=1;crc32=cbf43926' })
      await store.put(key, text('123456789'), { ...jpeg, metadata: { halftone: 'writer=test' } })
      const copied = (await store.head(key))?.metadata ?? {}
      expect(copied).toEqual({ halftone: 'v=1;crc32=cbf43926;writer=test' })
      await store.put(key, text('other'), { ...jpeg, metadata: copied })
      expect((await store.head(key))?.metadata['halftone']).toMatch(
        /^v=1;crc32=(?!cbf43926)[0-9a-f]{8};writer=test$/,
      )
    })

    test('knows an object without bytes', async () => {
      await stored(`${root}empty`, '')
      expect(await store.get(`${root}empty`)).toMatchObject({ outcome: 'found', object: { bytes: 0 } })
      expect(await bodyOf(`${root}empty`)).toBe('')
    })

    test('returns absence', async () => {
      expect(await store.head(`${root}nothing`)).toBeUndefined()
      expect(await store.get(`${root}nothing`)).toEqual({ outcome: 'absent' })
      expect(await store.get(`${root}nothing`, { ifMatch: '"0"' })).toEqual({ outcome: 'absent' })
      expect(await keysUnder(`${root}nothing`)).toEqual([])
      await store.delete([`${root}nothing`])
      await store.delete([`${root}nothing`, `${root}nothing-else`])
      await store.delete([])
    })

    test('does not read an object over maxBytes', async () => {
      await stored(`${root}large`, 'x'.repeat(2_000_000))
      expect(await store.get(`${root}large`, { maxBytes: 1_999_999 })).toEqual({
        outcome: 'too-large',
        bytes: 2_000_000,
      })
      expect(await store.get(`${root}large`, { maxBytes: 2_000_000 })).toMatchObject({ outcome: 'found' })
    })

    test('reads on conditions', async () => {
      const key = `${root}conditions`
      const first = await stored(key, 'first')
      expect(await store.get(key, { ifMatch: first })).toMatchObject({ outcome: 'found' })
      expect(await store.get(key, { ifNoneMatch: first })).toEqual({ outcome: 'unchanged' })
      const second = await stored(key, 'second')
      expect(second).not.toBe(first)
      expect(await store.get(key, { ifMatch: first })).toEqual({ outcome: 'changed' })
      expect(await store.get(key, { ifNoneMatch: first })).toMatchObject({ outcome: 'found' })
    })

    test('creates only what is not there', async () => {
      const key = `${root}create`
      expect(await store.put(key, text('first'), { ...jpeg, ifNoneMatch: '*' })).toMatchObject({
        outcome: 'stored',
      })
      expect(await store.put(key, text('second'), { ...jpeg, ifNoneMatch: '*' })).toEqual({
        outcome: 'conflict',
      })
      expect(await bodyOf(key)).toBe('first')
    })

    test('lets one of many creators win', async () => {
      const key = `${root}race`
      const bodies = Array.from({ length: 12 }, (_, writer) => `writer ${writer}`)
      const results = await Promise.all(
        bodies.map((body) => store.put(key, text(body), { ...jpeg, ifNoneMatch: '*' })),
      )
      const winners = bodies.filter((_, writer) => results[writer]?.outcome === 'stored')
      expect(winners).toEqual([await bodyOf(key)])
    })

    test.skipIf(lacks.includes('if-match'))('replaces only the version that is meant', async () => {
      const key = `${root}replace`
      const first = await stored(key, 'first')
      const second = await store.put(key, text('second'), { ...jpeg, ifMatch: first })
      expect(second).toMatchObject({ outcome: 'stored' })
      expect(await store.put(key, text('third'), { ...jpeg, ifMatch: first })).toEqual({
        outcome: 'conflict',
      })
      expect(await bodyOf(key)).toBe('second')
      const missing = await store.put(`${root}replace-missing`, text('x'), { ...jpeg, ifMatch: first })
      expect(missing).toEqual({ outcome: 'conflict' })
    })

    test.skipIf(lacks.includes('if-match'))('lets one of many replacers win', async () => {
      const key = `${root}replace-race`
      const ifMatch = await stored(key, 'first')
      const bodies = Array.from({ length: 12 }, (_, writer) => `writer ${writer}`)
      const results = await Promise.all(
        bodies.map((body) => store.put(key, text(body), { ...jpeg, ifMatch })),
      )
      const winners = bodies.filter((_, writer) => results[writer]?.outcome === 'stored')
      expect(winners).toEqual([await bodyOf(key)])
    })

    test('keeps odd keys apart, in byte order, and deletes them', async () => {
      const keys = oddKeys.map((key) => `${root}odd/${key}`)
      for (const key of keys) await stored(key, key)
      expect(await keysUnder(`${root}odd/`)).toEqual(keys)
      for (const key of keys) expect(await bodyOf(key)).toBe(key)
      expect(await keysUnder(`${root}odd/a+`)).toEqual([`${root}odd/a+b`])
      await store.delete(keys)
      expect(await keysUnder(`${root}odd/`)).toEqual([])
    })

    test.skipIf(lacks.includes('control-characters'))('keeps keys with control characters', async () => {
      const keys = ['a\u0001', 'a\tb', 'a\r\n', 'a\u007f'].map((key) => `${root}control/${key}`)
      for (const key of keys) await stored(key, key)
      expect(await keysUnder(`${root}control/`)).toEqual(keys.toSorted())
      for (const key of keys) expect(await bodyOf(key)).toBe(key)
      await store.delete([...keys, `${root}control/plain`])
      expect(await keysUnder(`${root}control/`)).toEqual([])
    })

    test('lists and deletes more than a thousand, page by page', async () => {
      const keys = Array.from({ length: 1_003 }, (_, n) => `${root}many/${String(n).padStart(4, '0')}`)
      for (let start = 0; start < keys.length; start += 50) {
        await Promise.all(keys.slice(start, start + 50).map((key) => stored(key, 'x')))
      }
      let pages = 0
      expect(await keysUnder(`${root}many/`, () => (pages += 1))).toEqual(keys)
      expect(pages).toBe(2)
      await store.delete(keys.slice(1))
      expect(await keysUnder(`${root}many/`)).toEqual(keys.slice(0, 1))
    })

    test('lists behind a key, there or not', async () => {
      for (const name of ['a', 'b', 'c']) await stored(`${root}after/${name}`, name)
      const behind = async (after: string) => {
        const names: string[] = []
        for await (const { key } of store.list(`${root}after/`, { after: `${root}after/${after}` }))
          names.push(key.slice(-1))
        return names
      }
      expect(await behind('a')).toEqual(['b', 'c'])
      expect(await behind('aa')).toEqual(['b', 'c'])
      expect(await behind('c')).toEqual([])
    })

    test.skipIf(lacks.includes('conditional-deletes'))('deletes only the version that is meant', async () => {
      const key = `${root}conditional-delete`
      const older = await stored(key, 'older')
      const newer = await stored(key, 'newer')
      await store.delete([key], { ifMatch: older })
      expect(await bodyOf(key)).toBe('newer')
      await store.delete([key], { ifMatch: newer })
      expect(await bodyOf(key)).toBe('absent')
      await store.delete([key], { ifMatch: newer })
      await expect(store.delete([key, `${key}2`], { ifMatch: newer })).rejects.toThrow(TypeError)
    })

    test('stops with the signal, by its reason', async () => {
      const reason = new Error('the caller left')
      const signal = AbortSignal.abort(reason)
      await expect(store.get(`${root}facts.jpg`, { signal })).rejects.toBe(reason)
      await expect(store.head(`${root}facts.jpg`, { signal })).rejects.toBe(reason)
      await expect(store.put(`${root}aborted`, text('x'), { ...jpeg, signal })).rejects.toBe(reason)
      await expect(store.delete([`${root}facts.jpg`], { signal })).rejects.toBe(reason)
      await expect(store.list(root, { signal })[Symbol.asyncIterator]().next()).rejects.toBe(reason)
      expect(await store.head(`${root}aborted`)).toBeUndefined()
    })

    test.each([
      ['an empty key', '', {}],
      ['a key over 1,024 bytes', 'ä'.repeat(513), {}],
      ['a key that is not Unicode', 'a\uD800', {}],
      ['metadata outside ASCII', `${root}refused`, { name: 'käse' }],
      ['metadata with a line break', `${root}refused`, { name: 'a\r\nx-amz-acl: public-read' }],
      ['metadata without a value', `${root}refused`, { name: '' }],
      ['a metadata name with odd characters', `${root}refused`, { 'A b': 'x' }],
    ])('refuses %s as a fault of the program', async (_what, key, metadata) => {
      const refused = store.put(key, text('x'), { ...jpeg, metadata })
      await expect(refused).rejects.toBeInstanceOf(TypeError)
      await expect(refused).rejects.not.toBeInstanceOf(GatewayError)
    })
  })
}
