import { describe, expect, test } from 'vitest'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { probeUploads } from '../../src/transfers/probe-uploads.ts'
import { createS3Presigner } from '../../src/transfers/s3-presigner.ts'
import type { Presigner } from '../../src/transfers/transfers.ts'
import { startBucket } from './origin-bucket.ts'

async function start() {
  const { store, bucket, url } = await startBucket()
  return { store, presigner: createS3Presigner(bucket), url }
}

async function left(store: ObjectStore): Promise<string[]> {
  const keys = []
  for await (const { key } of store.list('')) keys.push(key)
  return keys
}

describe('probeUploads', () => {
  test('finds what the origin that ships can, and leaves nothing behind', async () => {
    const { store, presigner } = await start()
    expect(await probeUploads({ store, presigner })).toEqual({
      forms: true,
      conditionalPuts: true,
      exactLengths: true,
    })
    expect(await left(store)).toEqual([])
  })

  const bent: [string, (presigner: Presigner) => Partial<Presigner>, object][] = [
    [
      'forms',
      (presigner) => ({
        form: async (what) => ({ ...(await presigner.form(what)), fields: { key: what.key } }),
      }),
      { forms: false, conditionalPuts: true, exactLengths: true },
    ],
    [
      'the range of a form',
      (presigner) => ({ form: async (what) => presigner.form({ ...what, maxBytes: 100 }) }),
      { forms: false, conditionalPuts: true, exactLengths: true },
    ],
    [
      'conditional PUTs',
      (presigner) => ({ put: async (what) => presigner.put({ ...what, overwrites: true }) }),
      { forms: true, conditionalPuts: false, exactLengths: true },
    ],
    [
      'lengths',
      (presigner) => ({ put: async (what) => presigner.put({ ...what, bytes: 5 }) }),
      { forms: true, conditionalPuts: false, exactLengths: false },
    ],
  ]
  test.each(bent)('sees a store without %s', async (_what, bend, expected) => {
    const { store, presigner } = await start()
    expect(await probeUploads({ store, presigner: { ...presigner, ...bend(presigner) } })).toEqual(expected)
    expect(await left(store)).toEqual([])
  })

  test('fails when the store cannot be reached', async () => {
    const { presigner } = await start()
    const unreachable = async () => ({ method: 'PUT', url: 'http://127.0.0.1:1/', headers: {} }) as const
    const form = async () => ({ url: 'http://127.0.0.1:1/', fields: {} })
    const probe = { store: createMemoryObjectStore(), presigner: { ...presigner, form, put: unreachable } }
    await expect(probeUploads(probe)).rejects.toMatchObject({ code: 'bucket_unreachable' })
  })
})
