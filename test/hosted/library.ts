import { createHostedImages } from '../../src/hosted/find-images.ts'
import { Account } from '../../src/hosted/account.ts'
import { HostedLibrary } from '../../src/hosted/hosted-library.ts'
import { ImageListing } from '../../src/hosted/list-images.ts'
import type { Renderer } from '../../src/render/renderer.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { createMemoryMultiparts } from '../../src/transfers/memory-multiparts.ts'
import { createMemoryTransfers } from '../../src/transfers/memory-transfers.ts'
import { ADMIN, openMemoryBucket, openUploads } from '../support/uploads.ts'

export { ADMIN }

/** Hosted images on a store in memory, with a real library and real checks. */
export function openHosted(
  store: ObjectStore,
  renderer: Pick<Renderer, 'inspect' | 'examine'>,
  now: () => number = Date.now,
) {
  const bucket = { ...openMemoryBucket(), store, multiparts: createMemoryMultiparts(store) }
  const opened = openUploads({ ...bucket, transfers: createMemoryTransfers(store) }, { checks: { renderer } })
  const account = new Account({ store, rememberMs: 0, elapsedMs: () => 0 })
  const leftOver: unknown[] = []
  const library = new HostedLibrary({
    ...opened,
    store,
    now,
    assertWritable: async () => {},
    forgetting: async (_id, change) => change(),
    onLeftOver: (error) => void leftOver.push(error),
  })
  return {
    ...opened,
    library,
    leftOver,
    images: createHostedImages({ store, account, now }),
    listing: new ImageListing({ store, now }),
  }
}

/** A store that dies with its program after so many calls; of the last one the answer is lost, or it is not made. */
export function dyingStore(store: ObjectStore, calls: number, isLastMade: boolean): ObjectStore {
  let left = calls
  async function pass<T>(call: () => Promise<T>): Promise<T> {
    left -= 1
    if (left < 0 || (left === 0 && !isLastMade)) throw new Error('Dead')
    const result = await call()
    if (left === 0) throw new Error('Dead')
    return result
  }
  return {
    head: async (...of) => pass(async () => store.head(...of)),
    get: async (...of) => pass(async () => store.get(...of)),
    put: async (...of) => pass(async () => store.put(...of)),
    delete: async (...of) => pass(async () => store.delete(...of)),
    async *list(...of) {
      await pass(async () => undefined)
      yield* store.list(...of)
    },
  }
}
