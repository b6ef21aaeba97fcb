import type { ObjectStore } from '../storage/object-store.ts'
import { type Account, variantOf } from './account.ts'
import type { HostedImages } from './hosted-images.ts'
import { itemIdOf } from './image-id.ts'
import { type Kept, readKept } from './kept-record.ts'
import { type ImageRecord, imageKey, imageRecord, shownImage } from './records.ts'

/** Where the record of an image lies, and how it is understood: one of another item is none. */
export const placeOf = (itemId: string) => ({
  key: imageKey(itemId),
  schema: imageRecord.refine((record) => record.itemId === itemId, 'the record of another image'),
})

/** What is said of the image of this id, whatever its state. */
export async function findRecord(
  store: Pick<ObjectStore, 'get'>,
  id: string,
  signal?: AbortSignal,
): Promise<Kept<ImageRecord> | undefined> {
  const itemId = itemIdOf(id)
  return itemId === undefined ? undefined : readKept(store, placeOf(itemId), signal)
}

/** The hosted images of a bucket, for whoever shows them. */
export function createHostedImages(options: {
  readonly store: Pick<ObjectStore, 'get'>
  readonly account: Account
  readonly now: () => number
}): HostedImages {
  const { store, account, now } = options
  return {
    async find(id, signal) {
      const found = await findRecord(store, id, signal)
      return found && shownImage(found.value, now())
    },
    variant: async (name) => variantOf(await account.recent(), name),
    keys: async () => (await account.recent()).keys,
    async config() {
      const { flexibleVariants, browserTtlS } = await account.recent()
      return { flexibleVariants, browserTtlS }
    },
  }
}
