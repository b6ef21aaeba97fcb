import { beforeEach, describe, expect, test } from 'vitest'
import { Unfinished } from '../../src/leases/unfinished.ts'
import { finishChange } from '../../src/library/aftermath.ts'
import type { PendingChange } from '../../src/library/pending-change.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { gateStore } from '../support/gated-store.ts'
import { createOutboxTwin, eventsIn } from '../support/outbox-twin.ts'
import { until } from '../render/until.ts'
import { by, ITEM, keysUnder, openLibrary, putItemAbc, putPhoto, putText } from '../library/library.ts'

const VARIANT = `img/items/${ITEM}/photos/b/@abcdefghijklnow/800.webp`
const PAUSES = { firstMs: 1, longestMs: 4 }

let bucket: ObjectStore

beforeEach(async () => {
  bucket = createMemoryObjectStore()
  await putItemAbc(bucket, openLibrary(bucket))
  await putText(bucket, VARIANT)
})

/** A library whose bucket goes away as soon as a record is written. */
function openFailing() {
  const gated = gateStore(bucket)
  const store: ObjectStore = {
    ...gated.store,
    async put(key, ...rest) {
      const put = await gated.store.put(key, ...rest)
      if (key.endsWith('album.json')) gated.setAway(true)
      return put
    },
  }
  const outbox = createOutboxTwin(store)
  const finished: string[] = []
  const failures: number[] = []
  const unfinished = new Unfinished<PendingChange>({
    finish: async (pending) => finishChange({ store, outbox }, pending),
    pauses: PAUSES,
    onFinished: ({ id }) => void finished.push(id),
    onFailure: (_error, _pending, left) => void failures.push(left),
  })
  const left: PendingChange[] = []
  const onUnfinished = (_error: unknown, pending: PendingChange) => {
    left.push(pending)
    unfinished.add(pending)
  }
  return { ...openLibrary(store, { outbox, onUnfinished }), gated, unfinished, left, finished, failures }
}

describe('a change that is made, while the bucket goes away', () => {
  test('is finished as soon as the bucket is back, without a sweep', async () => {
    const { albums, gated, unfinished, left, finished, failures } = openFailing()
    await albums.replace(ITEM, await putPhoto(bucket, 'b'), by)
    await until(() => failures.length > 2)
    expect(await keysUnder(bucket, 'img/')).toEqual([VARIANT])
    expect(unfinished.count).toBe(1)
    gated.setAway(false)
    await until(() => unfinished.count === 0)
    expect(finished).toEqual(left.map(({ id }) => id))
    expect(await keysUnder(bucket, 'img/')).toEqual([])
    expect(await keysUnder(bucket, 'system/purges/')).toEqual([])
    expect((await eventsIn(bucket)).at(-1)).toMatchObject({
      state: 'confirmed',
      event: { type: 'media.replaced' },
    })
    await unfinished.close()
  })

  test('is tried once more when the process ends, and left in the bucket if that fails', async () => {
    const { albums, unfinished, failures } = openFailing()
    await albums.replace(ITEM, await putPhoto(bucket, 'b'), by)
    await until(() => failures.length > 0)
    const before = failures.length
    await unfinished.close()
    expect(failures.length).toBeGreaterThan(before)
    expect(unfinished.count).toBe(1)
    expect(await keysUnder(bucket, 'system/purges/')).toHaveLength(1)
  })

  test('is finished when the process ends if the bucket is back by then', async () => {
    const { albums, gated, unfinished, finished } = openFailing()
    await albums.replace(ITEM, await putPhoto(bucket, 'b'), by)
    gated.setAway(false)
    await unfinished.close()
    expect(finished).toHaveLength(1)
    expect(await keysUnder(bucket, 'system/purges/')).toEqual([])
  })
})
