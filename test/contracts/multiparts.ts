import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Bucket, TransfersUnderTest } from './transfers.ts'

const MB = 1024 * 1024
const jpeg = { contentType: 'image/jpeg' }
const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

/** The contract of `Multiparts`, which every implementation keeps. */
export function describeMultiparts({ name, open, lacks = [] }: TransfersUnderTest): void {
  describe(`Multiparts: ${name}`, () => {
    const root = `contract/${randomBytes(6).toString('hex')}/`
    let bucket: Bucket
    let store: Bucket['store']

    beforeAll(async () => {
      bucket = await open()
      store = bucket.store
    })
    afterAll(async () => {
      for await (const { key } of store.list(root)) await store.delete([key])
      await bucket.close()
    })

    async function pendingUnder(prefix: string): Promise<string[]> {
      const keys: string[] = []
      for await (const { key } of bucket.multiparts.pending(prefix)) keys.push(key)
      return keys
    }

    async function bytesOf(key: string): Promise<Buffer> {
      const result = await store.get(key)
      if (result.outcome !== 'found') throw new Error(result.outcome)
      return result.object.body
    }

    const begin = (key: string) =>
      bucket.multiparts.begin(key, { ...jpeg, metadata: { 'cache-tag': 'item:42' } })

    test('parts that arrive in any order, and again, become one object', async () => {
      const key = `${root}object +ä`
      const uploadId = await begin(key)
      const [first, second] = [randomBytes(5 * MB), randomBytes(1000)]
      await bucket.sendPart({ key, uploadId, partNumber: 2, bytes: second })
      await bucket.sendPart({ key, uploadId, partNumber: 1, bytes: randomBytes(5 * MB) })
      await bucket.sendPart({ key, uploadId, partNumber: 1, bytes: first })
      expect(await pendingUnder(root)).toEqual([key])
      const parts = (await bucket.multiparts.list(key, uploadId)) ?? []
      expect(parts.map(({ partNumber, bytes }) => [partNumber, bytes])).toEqual([
        [1, 5 * MB],
        [2, 1000],
      ])
      const completed = await bucket.multiparts.complete(key, uploadId, parts.toReversed())
      const facts = await store.head(key)
      expect(completed).toEqual({ outcome: 'completed', etag: facts?.etag })
      expect(facts).toMatchObject({
        ...jpeg,
        metadata: { 'cache-tag': 'item:42', halftone: expect.stringMatching(/^v=1/) },
      })
      expect(sha(await bytesOf(key))).toBe(sha(Buffer.concat([first, second])))
      expect(await pendingUnder(root)).toEqual([])
    })

    test('parts that are not there, too small or none are invalid, and the upload stays', async () => {
      const key = `${root}invalid`
      const uploadId = await begin(key)
      const complete = async (parts: { partNumber: number; etag: string }[]) =>
        (await bucket.multiparts.complete(key, uploadId, parts)).outcome
      const send = async (partNumber: number) => {
        const bytes = Buffer.from('small')
        return { partNumber, etag: await bucket.sendPart({ key, uploadId, partNumber, bytes }) }
      }
      const parts = [await send(1), await send(2)]
      expect(await complete([])).toBe('invalid')
      expect(await complete(parts)).toBe('invalid')
      expect(await complete([{ partNumber: 1, etag: '"00000000000000000000000000000000"' }])).toBe('invalid')
      expect(await complete([{ partNumber: 3, etag: parts[0]?.etag ?? '' }])).toBe('invalid')
      expect(await bucket.multiparts.list(key, uploadId)).toHaveLength(2)
      expect(await store.head(key)).toBeUndefined()
      await bucket.multiparts.abort(key, uploadId)
      expect(await pendingUnder(key)).toEqual([])
    })

    test.skipIf(lacks.includes('missing-uploads'))('an upload that has gone is absent', async () => {
      const key = `${root}gone`
      const uploadId = await begin(key)
      await bucket.multiparts.abort(key, uploadId)
      await bucket.multiparts.abort(key, uploadId)
      expect(await bucket.multiparts.list(key, uploadId)).toBeUndefined()
      const parts = [{ partNumber: 1, etag: '"00000000000000000000000000000000"' }]
      expect(await bucket.multiparts.complete(key, uploadId, parts)).toEqual({ outcome: 'absent' })
    })
  })
}
