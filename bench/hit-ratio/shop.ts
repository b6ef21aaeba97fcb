import { randomUUID } from 'node:crypto'
import { createPurging, type Purging } from '../../src/purging/create-purging.ts'
import type { EdgeApi } from '../../src/purging/purging.ts'
import type { Clock } from '../../src/leases/clock.ts'
import { createAlbums } from '../../src/library/albums.ts'
import type { Albums } from '../../src/library/library.ts'
import { createItem } from '../../src/media/new-item.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { type GatewayTraffic, readGatewayTraffic } from '../../src/traffic/gateway-traffic.ts'
import { createResponseOrigin } from '../../test/support/edge/http-origin.ts'
import type { EdgeOrigin } from '../../test/support/edge/edge.ts'
import { createTestGateway, type TestGateway } from '../../test/support/gateway.ts'
import { PICTURE_SIDES } from './pictures.ts'

/** A gateway with its bucket in memory, a library whose photos are replaced, and the queue to the edge. */
export interface Shop {
  readonly gateway: TestGateway
  readonly origin: EdgeOrigin
  /** Puts an item with one photo into the bucket. */
  open(item: string, jpeg: Buffer): Promise<void>
  /** Puts another file into the photo's place, and tells the edge; for the second time of what was replaced a while ago. */
  replace(item: string, jpeg: Buffer): Promise<void>
  traffic(): Promise<GatewayTraffic>
  close(): Promise<void>
}

export interface ShopOptions {
  readonly clock: Clock
  readonly api: EdgeApi
  readonly memoryMb: number
}

/** When the second invalidation of a change may be sent: longer than look-up, flight and the edge's own time. */
const REPEAT_AFTER_MS = 120_000

/** A shop without pictures. */
export async function openShop({ clock, api, memoryMb }: ShopOptions): Promise<Shop> {
  const store = createMemoryObjectStore()
  const purging = createPurging({
    store,
    clock,
    api,
    by: 'tags',
    elsewhere: [],
    repeatAfterMs: REPEAT_AFTER_MS,
    patienceMs: 0,
    itemsPerSecond: 10,
    wildcardsPerSecond: 1,
    intervalMs: 30_000,
    onCall() {},
    onFailure: fail,
    onSetAside: (_batch, refusal) => fail(refusal),
  })
  const albums = openAlbums(store, purging)
  const gateway = await createTestGateway({
    store,
    environment: {
      HALFTONE_WORKERS: '2',
      HALFTONE_MEMORY_MB: String(memoryMb),
      // With a distribution to purge the edge may keep what is asked for without a version for a month.
      HALFTONE_CLOUDFRONT_DISTRIBUTION_ID: 'E2QWRUHAPOMQZL',
    },
  })
  return {
    gateway,
    origin: createResponseOrigin((target, init) => gateway.fetch(target, init)),
    async open(itemId, bytes) {
      await createItem(store, { itemId, owner: 'shop', photos: [{ photoId: 'p1', bytes, facts: FACTS }] })
    },
    async replace(itemId, bytes) {
      const key = `items/${itemId}/photos/p1/original-${randomUUID()}.jpg`
      const put = await store.put(key, bytes, { contentType: FACTS.contentType })
      if (put.outcome !== 'stored') throw new Error(`${key} was not stored`)
      const photo = { photoId: 'p1', key, etag: put.etag, bytes: bytes.length, ...FACTS }
      await albums.replace(itemId, { ...photo, addedAt: new Date(clock.now()).toISOString() }, { by: 'shop' })
      await gateway.journal.read()
      await purging.sender.look()
    },
    traffic: async () => readGatewayTraffic([await gateway.metrics.registry.metrics()]),
    async close() {
      await purging.sender.close()
      await gateway.close()
    },
  }
}

const FACTS = {
  format: 'jpeg',
  contentType: 'image/jpeg',
  ...PICTURE_SIDES,
  frames: 1,
  hasAlpha: false,
  orientation: 1,
} as const

function openAlbums(store: ObjectStore, { edge }: Purging): Albums {
  return createAlbums({
    maxPhotos: 24,
    store,
    edge,
    assertWritable: async () => {},
    onUnfinished: fail,
  })
}

/** Figures of a run in which something failed are none. */
function fail(error: unknown): never {
  throw error
}
