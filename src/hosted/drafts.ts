import { Readable } from 'node:stream'
import { GatewayError } from '../errors.ts'
import type { Albums } from '../library/library.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { UploadContext, Uploads } from '../uploads/uploads.ts'
import { clearImage, clearItem } from './clear-image.ts'
import { placeOf } from './find-images.ts'
import { type Kept, readKept, writeKept } from './kept-record.ts'
import type { DescribedFile } from './new-image.ts'
import { type ImageRecord, isExpired, listingKey } from './records.ts'

/** How long who brings a file has for it, once it has arrived: longer than a request may last. */
export const CLAIM_MS = 120_000
const MAX_ATTEMPTS = 20
/**
 * Whose the items are: administrators' alone. No user can be called so, since ids of users have no controls; what a server
 * is called might be the id of one.
 */
const NOBODY = 'hosted\timages'

export interface DraftsOptions {
  readonly store: ObjectStore
  readonly albums: Pick<Albums, 'find' | 'create' | 'setAccess' | 'removeAll'>
  readonly uploads: Pick<Uploads, 'receive'>
  readonly now: () => number
}

/**
 * The way of an image from its record to its photo: the record is written before anything else, says that it is a draft,
 * and stops to say so when all the rest is there. Wherever it is cut short it can be done again.
 */
export class Drafts {
  readonly #options: DraftsOptions

  constructor(options: DraftsOptions) {
    this.#options = options
  }

  /** Writes the record of an image that is not there; `already_exists` when it is, or is on its way. */
  async begin(record: ImageRecord): Promise<Kept<ImageRecord>> {
    const { store, now } = this.#options
    const place = placeOf(record.itemId)
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const there = await readKept(store, place)
      if (there?.value.removed) {
        await this.clear(there)
        continue
      }
      if (there !== undefined && !isExpired(there.value, now()))
        throw new GatewayError('already_exists', 'There is an image of this id already')
      // What another attempt has left is on the list at another time.
      if (there !== undefined) await store.delete([listingKey(there.value)])
      const written = await writeKept(store, place, record, there)
      if (written !== undefined) return written
    }
    throw new GatewayError('overloaded', 'Too many create this image at once: try again')
  }

  /** Lets nobody else bring the file for a while. Throws `upload_gone` when it is there or too late, `conflict` meanwhile. */
  async claim(itemId: string, claimId: string): Promise<Kept<ImageRecord>> {
    const { store, now } = this.#options
    const found = await readKept(store, placeOf(itemId))
    if (found === undefined || found.value.removed || found.value.draft === undefined)
      throw new GatewayError('upload_gone', 'The file has come already, or the image is deleted')
    const { draft } = found.value
    if (isExpired(found.value, now()))
      throw new GatewayError('upload_gone', 'The URL has expired: ask for a new one')
    const isTaken = draft.claim !== undefined && Date.parse(draft.claim.until) > now()
    const until = new Date(now() + CLAIM_MS).toISOString()
    const value = { ...found.value, draft: { ...draft, claim: { id: claimId, until } } }
    const written = isTaken ? undefined : await writeKept(store, placeOf(itemId), value, found)
    if (written === undefined)
      throw new GatewayError('conflict', 'The file is being received; a URL is for one file')
    return written
  }

  /** Gives a claim back after a file that was refused, so that another one may be brought. */
  async release(itemId: string, claimId: string): Promise<void> {
    const found = await readKept(this.#options.store, placeOf(itemId))
    if (found?.value.draft?.claim?.id !== claimId) return
    const { claim: _claim, ...draft } = found.value.draft
    // Who was first has changed the claim, or deleted the image.
    await writeKept(this.#options.store, placeOf(itemId), { ...found.value, draft }, found)
  }

  /** Leaves nothing of a draft that nobody knows of yet, unless it is somebody else's by now. */
  async abandon(itemId: string, claimId: string): Promise<void> {
    const { store } = this.#options
    const found = await readKept(store, placeOf(itemId))
    if (found?.value.draft?.claim?.id !== claimId) return
    const marked = await writeKept(store, placeOf(itemId), { ...found.value, removed: true }, found)
    if (marked !== undefined) await this.clear(marked)
  }

  /** Puts the file into the item of a record that was begun or claimed; only then the image is there. */
  async fill(
    { value: record }: Kept<ImageRecord>,
    file: DescribedFile,
    context: UploadContext,
  ): Promise<ImageRecord> {
    const { albums, uploads } = this.#options
    const { itemId, by } = record
    const album =
      (await albums.find(itemId)) ??
      (await albums.create(itemId, { owner: NOBODY, access: accessOf(record) }, { by }))
    await uploads.receive(
      {
        kind: 'item-photo',
        ownerId: itemId,
        fileName: safeName(file.fileName),
        contentType: file.contentType,
        bytes: file.bytes.length,
        // Of an attempt that was cut short behind it.
        photoId: album.photos[0]?.photoId,
      },
      Readable.from([file.bytes], { objectMode: false }),
      context,
    )
    return this.#finish(record, file)
  }

  /** Removes what there is of an image that is being deleted, its record last. */
  async clear(kept: Kept<ImageRecord>): Promise<void> {
    await clearImage(this.#options, kept)
  }

  /** The record is no draft any more, if it is still the one that was filled; else what was filled is removed. */
  async #finish(filled: ImageRecord, { fileName, sha256 }: DescribedFile): Promise<ImageRecord> {
    const { store, albums } = this.#options
    const { itemId, by } = filled
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const found = await readKept(store, placeOf(itemId))
      const isGone = found === undefined || found.value.removed === true
      // Whoever deleted the image may have looked before there was an item, and before it was listed.
      if (isGone) await clearItem(this.#options, filled)
      if (isGone || found.value.draft?.claim?.id !== filled.draft?.claim?.id)
        throw new GatewayError('conflict', 'The image was deleted or brought by somebody else meanwhile')
      const { draft: _draft, ...value } = found.value
      // It may have been made private since; and who sees it on the list finds it.
      await albums.setAccess(itemId, accessOf(value), { by })
      await store.put(listingKey(value), Buffer.from('{}'), { contentType: 'application/json' })
      const done = { ...value, filename: fileName, sha256 }
      const written = await writeKept(store, placeOf(itemId), done, found)
      if (written !== undefined) return written.value
    }
    throw new GatewayError('overloaded', 'Too many writers change this image at once: try again')
  }
}

/** Who may see the item of an image. */
export const accessOf = ({ isPrivate }: Pick<ImageRecord, 'isPrivate'>) =>
  isPrivate ? ('private' as const) : ('public' as const)

/** What a file is called where it lies meanwhile: names of clients may be anything. */
function safeName(fileName: string): string {
  const name = fileName
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069/\\$]/gu, '_')
    .slice(0, 100)
  return name === '' || name === '.' || name === '..' ? 'image' : name
}
