import { expect, test } from 'vitest'
import { Account } from '../../src/hosted/account.ts'
import { createHostedImages } from '../../src/hosted/find-images.ts'
import { itemIdOf } from '../../src/hosted/image-id.ts'
import { DeliveryOrders } from '../../src/hosted-delivery/delivery-orders.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { gateStore } from '../support/gated-store.ts'
import { ACCOUNT_HASH, putHostedImage } from '../support/hosted.ts'

const TTL_MS = 5_000
const QUARTER_OF_AN_HOUR_MS = 15 * 60_000

async function open() {
  const bucket = createMemoryObjectStore()
  const id = await putHostedImage(bucket, { colour: '#ff0000', id: 'shop/a' })
  const gated = gateStore(bucket)
  const clock = { now: Date.now() }
  const store = gated.store
  const now = () => clock.now
  const account = new Account({ store, rememberMs: 3_000, elapsedMs: now })
  const images = createHostedImages({ store, account, now })
  const orders = new DeliveryOrders({
    images,
    accountHash: ACCOUNT_HASH,
    keepsCopyright: false,
    ttlMs: TTL_MS,
    now,
  })
  const itemOf = async (imageId: string) => {
    const asked = { path: `/${ACCOUNT_HASH}/${imageId}/public`, query: '', hints: { isSlow: false } }
    return (await orders.read(asked)).itemId
  }
  return { bucket, id, gated, clock, itemOf }
}

test('an image that has been shown is shown while the bucket is away, for a quarter of an hour', async () => {
  const { id, gated, clock, itemOf } = await open()
  const began = clock.now
  expect(await itemOf(id)).toBe(itemIdOf(id))
  gated.setAway(true)
  for (const after of [TTL_MS, 60_000, QUARTER_OF_AN_HOUR_MS]) {
    clock.now = began + after
    expect(await itemOf(id)).toBe(itemIdOf(id))
  }
  await expect(itemOf('shop/b')).rejects.toMatchObject({ code: 'bucket_unreachable' })
  clock.now = began + QUARTER_OF_AN_HOUR_MS + 1_000
  await expect(itemOf(id)).rejects.toMatchObject({ code: 'bucket_unreachable' })
})

test('an image that is gone is gone once the bucket says so, and stays it', async () => {
  const { bucket, id, gated, clock, itemOf } = await open()
  await itemOf(id)
  for await (const { key } of bucket.list('system/hosted/')) await bucket.delete([key])
  clock.now += TTL_MS
  await expect(itemOf(id)).rejects.toMatchObject({ code: 'source_not_found' })
  gated.setAway(true)
  await expect(itemOf(id)).rejects.toMatchObject({ code: 'bucket_unreachable' })
})
