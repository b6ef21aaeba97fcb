import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readSignature } from '../../src/pixels/signature.ts'
import { measureLibrary } from '../../src/media/statistics.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import type { Multiparts, Transfers } from '../../src/transfers/transfers.ts'

/** All that works on one bucket; `sendPart` sends a part as a client does, and gives its ETag. */
export interface Bucket {
  readonly store: ObjectStore
  readonly transfers: Transfers
  readonly multiparts: Multiparts
  readonly sendPart: (part: SentPart) => Promise<string>
  readonly close: () => Promise<void>
}

export interface SentPart {
  readonly key: string
  readonly uploadId: string
  readonly partNumber: number
  readonly bytes: Buffer
}

/** Transfers to try, and what their server is known to do otherwise than the contract says. */
export interface TransfersUnderTest {
  readonly name: string
  readonly open: () => Promise<Bucket>
  /** `copy-conditions` (on the destination), `source-conditions` (of a copy), `missing-uploads` (are no 404). */
  readonly lacks?: readonly string[]
}

const MB = 1024 * 1024
const jpeg = { contentType: 'image/jpeg' }
const pieces = (bytes: Buffer, size = 65_536) =>
  Readable.from(
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
      bytes.subarray(at * size, (at + 1) * size),
    ),
  )
const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

/** The contract of `Transfers`, which every implementation keeps. */
export function describeTransfers({ name, open, lacks = [] }: TransfersUnderTest): void {
  describe(`Transfers: ${name}`, () => {
    const root = `contract/${randomBytes(6).toString('hex')}/`
    let store: ObjectStore
    let transfers: Transfers
    let bucket: Bucket

    beforeAll(async () => {
      bucket = await open()
      store = bucket.store
      transfers = bucket.transfers
    })
    afterAll(async () => {
      await store.delete(await keysUnder(root))
      await bucket.close()
    })

    async function keysUnder(prefix: string): Promise<string[]> {
      const keys: string[] = []
      for await (const { key } of store.list(prefix)) keys.push(key)
      return keys
    }

    async function pendingUnder(prefix: string): Promise<string[]> {
      const keys: string[] = []
      for await (const { key } of bucket.multiparts.pending(prefix)) keys.push(key)
      return keys
    }

    async function stored(key: string, body: string | Buffer, metadata = {}): Promise<string> {
      const bytes = Buffer.from(body)
      const result = await store.put(key, bytes, { ...jpeg, metadata, cacheControl: 'no-cache' })
      if (result.outcome !== 'stored') throw new Error('not stored')
      return result.etag
    }

    async function downloaded(key: string, options = {}): Promise<Buffer> {
      const result = await transfers.download(key, options)
      if (result.outcome !== 'found') throw new Error(result.outcome)
      return buffer(result.body)
    }

    const bodyOf = async (key: string) => {
      const result = await store.get(key)
      return result.outcome === 'found' ? result.object.body.toString() : result.outcome
    }

    describe('requirements: Storage – upload, single and multipart, with progress', () => {
      test.each([
        ['nothing', 0],
        ['one byte', 1],
        ['a byte below 5 MB', 5 * MB - 1],
        ['5 MB', 5 * MB],
        ['exactly one part', 8 * MB],
        ['two parts and a bit', 16 * MB + 3],
      ])('of %s', async (what, length) => {
        const key = `${root}upload/${what}`
        const bytes = randomBytes(length)
        const steps: (readonly [number, number | undefined])[] = []
        const onProgress = (sent: number, total: number | undefined) => steps.push([sent, total])
        const metadata = { 'cache-tag': 'item:42' }
        const options = { ...jpeg, cacheControl: 'no-cache', metadata, bytes: length, onProgress }
        const result = await transfers.upload(key, pieces(bytes), options)
        const facts = await store.head(key)
        expect(result).toEqual({ etag: facts?.etag })
        expect(facts).toMatchObject({
          ...jpeg,
          bytes: length,
          cacheControl: 'no-cache',
          metadata: { 'cache-tag': 'item:42', halftone: expect.stringMatching(/^v=1(;crc32=[0-9a-f]{8})?$/) },
        })
        expect(sha(await downloaded(key))).toBe(sha(bytes))
        expect(steps.at(-1)).toEqual([length, length])
        expect(steps).toEqual(steps.toSorted(([one], [other]) => one - other))
        expect(await pendingUnder(key)).toEqual([])
      })

      test('of a length that nobody knows, in pieces of any size', async () => {
        const bytes = randomBytes(9 * MB)
        const totals = new Set<number | undefined>()
        const onProgress = (_sent: number, total: number | undefined) => totals.add(total)
        await transfers.upload(`${root}unknown`, pieces(bytes, 777_777), { ...jpeg, onProgress })
        expect(sha(await downloaded(`${root}unknown`))).toBe(sha(bytes))
        expect([...totals]).toEqual([undefined])
      })
    })

    describe.each([
      ['in one piece', 1000],
      ['in parts', 9 * MB],
    ])('an upload %s', (_what, length) => {
      const bytes = randomBytes(length)
      const key = `${root}refused/${length}`
      const nothing = async () => [await store.head(key), await pendingUnder(key)]

      test('that is longer than allowed is given up', async () => {
        const body = pieces(bytes)
        const upload = transfers.upload(key, body, { ...jpeg, maxBytes: length - 1 })
        await expect(upload).rejects.toMatchObject({ code: 'upload_too_large' })
        expect(body.destroyed).toBe(true)
        expect(await nothing()).toEqual([undefined, []])
      })

      test('that says it will be too long is not read', async () => {
        const body = pieces(bytes)
        const upload = transfers.upload(key, body, { ...jpeg, bytes: length, maxBytes: length - 1 })
        await expect(upload).rejects.toMatchObject({ code: 'upload_too_large' })
        expect(body.readableDidRead).toBe(false)
      })

      test.each([-1, 1])('that is of another length than it said, by %i, is refused', async (more) => {
        const upload = transfers.upload(key, pieces(bytes), { ...jpeg, bytes: length + more })
        await expect(upload).rejects.toMatchObject({ code: 'invalid_request' })
        expect(await nothing()).toEqual([undefined, []])
      })

      test('whose stream breaks fails with what broke it, and leaves nothing', async () => {
        const broken = new Error('the client left')
        async function* source() {
          yield bytes
          yield* await Promise.reject<Buffer[]>(broken)
        }
        await expect(transfers.upload(key, Readable.from(source()), jpeg)).rejects.toBe(broken)
        expect(await nothing()).toEqual([undefined, []])
      })

      test('stops with the signal, by its reason, also while the stream is silent', async () => {
        const leaving = new AbortController()
        const reason = new Error('the caller left')
        const body = new Readable({ read() {} })
        const upload = transfers.upload(key, body, { ...jpeg, signal: leaving.signal })
        body.push(bytes)
        leaving.abort(reason)
        await expect(upload).rejects.toBe(reason)
        expect(await nothing()).toEqual([undefined, []])
        const late = transfers.upload(key, pieces(bytes), { ...jpeg, signal: leaving.signal })
        await expect(late).rejects.toBe(reason)
      })

      test.skipIf(lacks.includes('complete-conditions'))('creates only what is not there', async () => {
        const create = { ...jpeg, ifNoneMatch: '*' } as const
        const first = await transfers.upload(`${key}/create`, pieces(bytes), create)
        expect(first).toMatchObject({ etag: expect.stringMatching(/^".+"$/) })
        expect(await transfers.upload(`${key}/create`, pieces(bytes), create)).toBe('conflict')
        expect((await store.head(`${key}/create`))?.bytes).toBe(length)
        expect(await pendingUnder(`${key}/create`)).toEqual([])
      })
    })

    describe('requirements: Storage – download as stream and as buffer', () => {
      test('gives the facts and the bytes, and tells how far it is', async () => {
        const key = `${root}download`
        const bytes = randomBytes(300_000)
        await stored(key, bytes)
        const steps: (readonly [number, number | undefined])[] = []
        const onProgress = (seen: number, total: number | undefined) => steps.push([seen, total])
        const result = await transfers.download(key, { onProgress })
        expect(result).toMatchObject({ outcome: 'found', facts: await store.head(key) })
        expect(result.outcome === 'found' && sha(await buffer(result.body))).toBe(sha(bytes))
        expect(steps.at(-1)).toEqual([300_000, 300_000])
        const got = await store.get(key)
        expect(got.outcome === 'found' && sha(got.object.body)).toBe(sha(bytes))
      })

      test.each([
        [0, 0, 'a'],
        [2, 4, 'cde'],
        [0, 9, 'abcdefghij'],
        [7, 100, 'hij'],
      ])('gives bytes %i to %i', async (first, last, expected) => {
        const key = `${root}range/${first}-${last}`
        await stored(key, 'abcdefghij')
        const result = await transfers.download(key, { range: { first, last } })
        if (result.outcome !== 'found') throw new Error(result.outcome)
        expect(result.facts.bytes).toBe(10)
        expect((await buffer(result.body)).toString()).toBe(expected)
      })

      test('refuses a range behind the end', async () => {
        await stored(`${root}short`, 'abc')
        const download = transfers.download(`${root}short`, { range: { first: 3, last: 5 } })
        await expect(download).rejects.toMatchObject({ code: 'range_not_satisfiable' })
      })

      test('returns absence and change', async () => {
        const key = `${root}changed`
        expect(await transfers.download(key)).toEqual({ outcome: 'absent' })
        expect(await transfers.download(key, { ifMatch: '"0"' })).toEqual({ outcome: 'absent' })
        const first = await stored(key, 'first')
        expect((await downloaded(key, { ifMatch: first })).toString()).toBe('first')
        await stored(key, 'second')
        expect(await transfers.download(key, { ifMatch: first })).toEqual({ outcome: 'changed' })
      })

      test('stops with the signal, before and while it flows', async () => {
        const key = `${root}long`
        await stored(key, randomBytes(4 * MB))
        const leaving = new AbortController()
        const reason = new Error('the caller left')
        const result = await transfers.download(key, { signal: leaving.signal })
        leaving.abort(reason)
        const read = result.outcome === 'found' ? buffer(result.body) : undefined
        await expect(read).rejects.toBe(reason)
        await expect(transfers.download(key, { signal: leaving.signal })).rejects.toBe(reason)
      })

      test('can be left in the middle', async () => {
        await stored(`${root}left`, randomBytes(4 * MB))
        const result = await transfers.download(`${root}left`)
        if (result.outcome !== 'found') throw new Error(result.outcome)
        for await (const piece of result.body) {
          expect(piece.length).toBeGreaterThan(0)
          break
        }
        expect(result.body.destroyed).toBe(true)
        expect((await downloaded(`${root}left`)).length).toBe(4 * MB)
      })

      test('finds a body that is not what its checksum says', async () => {
        const key = `${root}spoilt`
        const options = { headers: { ...jpeg, metadata: { halftone: 'v=1;crc32=00000000' } } }
        await stored(`${root}whole`, 'a picture')
        await transfers.copy(`${root}whole`, key, options)
        const isKept = (await store.head(key))?.metadata['halftone'] === 'v=1;crc32=00000000'
        // In memory the bytes are seen, and so is that the stamp was wrong.
        const read = downloaded(key).then(String, ({ code }: { code: string }) => code)
        expect(await read).toBe(isKept ? 'bucket_unreachable' : 'a picture')
        const part = await downloaded(key, { range: { first: 2, last: 4 } })
        expect(part.toString()).toBe('pic')
      })
    })

    describe('requirements: Storage – copy and move', () => {
      test('copies bytes and headers, whatever is in the keys', async () => {
        const [from, to] = [`${root}from/a+b %20ä?#&'.jpg`, `${root}to/日本/a=b;c.jpg`]
        const etag = await stored(from, 'picture', { 'cache-tag': 'item:42' })
        const copied = await transfers.copy(from, to)
        const facts = await store.head(to)
        expect(copied).toEqual({ outcome: 'copied', etag: facts?.etag })
        expect(facts).toMatchObject({ ...jpeg, cacheControl: 'no-cache', bytes: 7 })
        expect(facts?.metadata).toEqual((await store.head(from))?.metadata)
        expect(await bodyOf(to)).toBe('picture')
        expect((await store.head(from))?.etag).toBe(etag)
      })

      test('gives the copy other headers, and our stamp', async () => {
        await stored(`${root}headers`, 'picture', { 'cache-tag': 'item:42' })
        const headers = { contentType: 'image/webp', metadata: { 'cache-tag': 'item:43' } }
        await transfers.copy(`${root}headers`, `${root}headers/copy`, { headers })
        const facts = await store.head(`${root}headers/copy`)
        expect(facts?.contentType).toBe('image/webp')
        expect(facts?.cacheControl).toBeUndefined()
        expect(facts?.metadata).toMatchObject({
          'cache-tag': 'item:43',
          halftone: expect.stringMatching(/^v=1/),
        })
      })

      test.skipIf(lacks.includes('source-conditions'))('copies only the version that is meant', async () => {
        const [from, to] = [`${root}version`, `${root}version/copy`]
        expect(await transfers.copy(from, to)).toEqual({ outcome: 'absent' })
        const first = await stored(from, 'first')
        const second = await stored(from, 'second')
        expect(await transfers.copy(from, to, { ifMatch: first })).toEqual({ outcome: 'changed' })
        const create = { ifMatch: first, ifNoneMatch: '*' } as const
        expect(await transfers.copy(from, to, create)).toEqual({ outcome: 'changed' })
        expect(await bodyOf(to)).toBe('absent')
        expect(await transfers.copy(from, to, { ifMatch: second })).toMatchObject({ outcome: 'copied' })
        expect(await bodyOf(to)).toBe('second')
      })

      test.skipIf(lacks.includes('copy-conditions'))('copies only where there is nothing', async () => {
        const [from, to] = [`${root}onto`, `${root}onto/copy`]
        const ifMatch = await stored(from, 'picture')
        await stored(to, 'other')
        expect(await transfers.copy(from, to, { ifNoneMatch: '*' })).toEqual({ outcome: 'conflict' })
        expect(await transfers.copy(from, to, { ifMatch, ifNoneMatch: '*' })).toEqual({ outcome: 'conflict' })
        expect(await bodyOf(to)).toBe('other')
        expect(await transfers.move(from, to, { ifNoneMatch: '*' })).toEqual({ outcome: 'conflict' })
        expect(await bodyOf(from)).toBe('picture')
      })

      test('moves', async () => {
        const [from, to] = [`${root}moved`, `${root}moved/to`]
        expect(await transfers.move(from, to)).toEqual({ outcome: 'absent' })
        await stored(from, 'picture')
        expect(await transfers.move(from, to)).toMatchObject({ outcome: 'copied' })
        expect([await bodyOf(from), await bodyOf(to)]).toEqual(['absent', 'picture'])
        await expect(transfers.move(to, to)).rejects.toThrow(TypeError)
        expect(await bodyOf(to)).toBe('picture')
      })

      test('stops with the signal, by its reason', async () => {
        const reason = new Error('the caller left')
        const signal = AbortSignal.abort(reason)
        await stored(`${root}here`, 'picture')
        await expect(transfers.copy(`${root}here`, `${root}there`, { signal })).rejects.toBe(reason)
        await expect(transfers.move(`${root}here`, `${root}there`, { signal })).rejects.toBe(reason)
        expect(await bodyOf(`${root}here`)).toBe('picture')
      })
    })

    test('requirements: Storage – delete one and many, metadata, existence, list, statistics', async () => {
      const prefix = `${root}items/42/photos/`
      const keys = ['a', 'b', 'c'].map((photo) => `${prefix}${photo}/original-1.jpg`)
      for (const key of keys) await transfers.upload(key, pieces(Buffer.from('picture')), jpeg)
      expect(await keysUnder(prefix)).toEqual(keys)
      expect(await store.head(keys[0] ?? '')).toMatchObject({ ...jpeg, bytes: 7 })
      expect(await measureLibrary(store.list(root))).toMatchObject({ bytes: expect.any(Number) })
      const measured = await measureLibrary(listed(store, prefix, root))
      expect(measured).toMatchObject({ objects: 3, bytes: 21, photos: 3 })
      await store.delete(keys.slice(0, 1))
      expect(await store.head(keys[0] ?? '')).toBeUndefined()
      await store.delete(keys)
      expect(await keysUnder(prefix)).toEqual([])
    })

    test.each([
      ['jpeg', 'ffd8ffe000104a4649460001', { format: 'jpeg' }],
      ['png', '89504e470d0a1a0a0000000d', { format: 'png' }],
      ['webp', '524946461a00000057454250', { format: 'webp' }],
      ['avif', '0000001c667479706176696600000000', { format: 'avif' }],
      ['pdf', '255044462d312e370a', { other: 'a PDF' }],
    ])('requirements: Storage – content type from the bytes: %s', async (format, hex, expected) => {
      const key = `${root}type/${format}`
      await stored(key, Buffer.concat([Buffer.from(hex, 'hex'), Buffer.alloc(5000)]))
      expect(readSignature(await downloaded(key, { range: { first: 0, last: 4095 } }))).toMatchObject(
        expected,
      )
    })

    test.each([
      ['an empty key', '', {}],
      ['a key over 1,024 bytes', 'ä'.repeat(513), {}],
      ['metadata with a line break', `${root}never`, { name: 'a\r\nx-amz-acl: public-read' }],
    ])('refuses %s as a fault of the program', async (_what, key, metadata) => {
      const headers = { ...jpeg, metadata }
      await expect(transfers.upload(key, pieces(Buffer.from('x')), headers)).rejects.toBeInstanceOf(TypeError)
      await expect(bucket.multiparts.begin(key, headers)).rejects.toBeInstanceOf(TypeError)
      await stored(`${root}source`, 'x')
      await expect(transfers.copy(`${root}source`, key, { headers })).rejects.toBeInstanceOf(TypeError)
    })
  })
}

/** A listing as if `root` were the top of the bucket. */
async function* listed(store: ObjectStore, prefix: string, root: string) {
  for await (const object of store.list(prefix)) yield { ...object, key: object.key.slice(root.length) }
}
