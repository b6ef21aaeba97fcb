import { describe, expect, test } from 'vitest'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { probeUploads } from '../../src/transfers/probe-uploads.ts'
import { createS3Presigner } from '../../src/transfers/s3-presigner.ts'
import type { Presigner } from '../../src/transfers/transfers.ts'
import { failure, startScript } from '../storage/raw-server.ts'
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

  /** Permissions for another place, and a store that is in order. */
  const elsewhere = async (url: string) => ({
    store: createMemoryObjectStore(),
    presigner: {
      ...(await start()).presigner,
      form: async () => ({ url, fields: {} }),
      put: async () => ({ method: 'PUT', url, headers: {} }) as const,
    },
  })

  test('fails when the store cannot be reached', async () => {
    const probe = await elsewhere('http://127.0.0.1:1/')
    await expect(probeUploads(probe)).rejects.toMatchObject({ code: 'bucket_unreachable' })
  })

  test('takes a failure of the store for no answer, but for 501', async () => {
    await using failing = await startScript([failure(503, 'SlowDown')])
    const failed = probeUploads(await elsewhere(failing.url))
    await expect(failed).rejects.toMatchObject({ code: 'bucket_unreachable' })
    await using ignorant = await startScript([failure(501, 'NotImplemented')])
    expect(await probeUploads(await elsewhere(ignorant.url))).toEqual({
      forms: false,
      conditionalPuts: false,
      exactLengths: true,
    })
  })
})
