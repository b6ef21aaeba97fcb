import { GatewayError } from '../errors.ts'
import { inParallel } from '../storage/batches.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { placeOf } from './find-images.ts'
import type { HostedImage } from './hosted-images.ts'
import { readKept } from './kept-record.ts'
import { LISTING, listedItem, listingKey, shownImage } from './records.ts'

/** Records that are read at once. */
const WIDTH = 8
const BATCH = 64

export interface ListingOptions {
  readonly store: Pick<ObjectStore, 'get' | 'list'>
  readonly now: () => number
}

/** What is wanted of all images. */
export interface Wanted {
  /** By time of upload. */
  readonly order: 'asc' | 'desc'
  /** The images behind the one of this cursor. */
  readonly cursor?: string | undefined
  /** So many are passed over. */
  readonly skip?: number | undefined
  readonly limit: number
  /** Only these. */
  readonly matches?: ((image: HostedImage) => boolean) | undefined
  readonly signal?: AbortSignal | undefined
}

/** Some images, and where to go on; without a cursor these were the last. */
export interface ImagePage {
  readonly images: readonly HostedImage[]
  readonly cursor?: string | undefined
}

interface Listed {
  readonly key: string
  readonly image: HostedImage
}

/** The images of a bucket that are no drafts, by the time of their upload. */
export class ImageListing {
  readonly #options: ListingOptions

  constructor(options: ListingOptions) {
    this.#options = options
  }

  async page(wanted: Wanted): Promise<ImagePage> {
    const { matches = () => true, limit } = wanted
    const images: Listed[] = []
    // Where all are wanted, those that are passed over need not be read.
    const skipped = wanted.matches === undefined ? (wanted.skip ?? 0) : 0
    let toSkip = (wanted.skip ?? 0) - skipped
    for await (const listed of this.#images(wanted, skipped)) {
      if (!matches(listed.image)) continue
      if (toSkip > 0) toSkip -= 1
      else images.push(listed)
      if (images.length > limit) break
    }
    const last = images.length > limit ? images[limit - 1] : undefined
    return {
      images: images.slice(0, limit).map(({ image }) => image),
      ...(last && { cursor: Buffer.from(last.key.slice(LISTING.length)).toString('base64url') }),
    }
  }

  /** How many there are. */
  async count(signal?: AbortSignal): Promise<number> {
    let count = 0
    for await (const _ of this.#options.store.list(LISTING, { signal })) count += 1
    return count
  }

  async *#images(wanted: Wanted, skipped: number): AsyncGenerator<Listed> {
    for await (const batch of batches(this.#keys(wanted), skipped)) {
      const found = new Map<string, HostedImage>()
      await inParallel(WIDTH, batch, async (key) => {
        const image = await this.#find(key, wanted.signal)
        if (image !== undefined) found.set(key, image)
      })
      for (const key of batch) {
        const image = found.get(key)
        if (image !== undefined) yield { key, image }
      }
    }
  }

  /** The image that is listed at a key; nothing for what a crash has left there. */
  async #find(key: string, signal?: AbortSignal): Promise<HostedImage | undefined> {
    const itemId = listedItem(key)
    if (itemId === undefined) return undefined
    const found = await readKept(this.#options.store, placeOf(itemId), signal)
    if (found === undefined || listingKey(found.value) !== key) return undefined
    const image = shownImage(found.value, this.#options.now())
    return image?.draft === false ? image : undefined
  }

  async *#keys({ order, cursor, signal }: Wanted): AsyncGenerator<string> {
    const { store } = this.#options
    const after = cursor === undefined ? undefined : parseCursor(cursor)
    if (order === 'desc') {
      for await (const { key } of store.list(LISTING, { after, signal })) yield key
      return
    }
    // A bucket lists in one direction only.
    const keys: string[] = []
    for await (const { key } of store.list(LISTING, { signal })) {
      if (after !== undefined && key >= after) break
      keys.push(key)
    }
    yield* keys.toReversed()
  }
}

function parseCursor(cursor: string): string {
  const key = `${LISTING}${Buffer.from(cursor, 'base64url').toString('utf8')}`
  if (listedItem(key) !== undefined) return key
  throw new GatewayError(
    'invalid_request',
    'continuation_token: accepted is one that a list was answered with',
  )
}

async function* batches(keys: AsyncIterable<string>, skipped: number): AsyncGenerator<readonly string[]> {
  let batch: string[] = []
  let left = skipped
  for await (const key of keys) {
    if (left > 0) {
      left -= 1
      continue
    }
    batch.push(key)
    if (batch.length < BATCH) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
