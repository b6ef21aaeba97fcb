import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import { GatewayError } from '../errors.ts'
import type { UploadContext } from '../uploads/uploads.ts'
import { accessOf, CLAIM_MS, Drafts, type DraftsOptions } from './drafts.ts'
import { findRecord, placeOf } from './find-images.ts'
import type { HostedImage } from './hosted-images.ts'
import { checkCustomId, itemIdOf } from './image-id.ts'
import { editKept, type Kept, readKept } from './kept-record.ts'
import {
  type BroughtFile,
  checkMeta,
  checkPrivacy,
  describeFile,
  type ImageChange,
  isSameImage,
  type NewImage,
} from './new-image.ts'
import { type ImageRecord, isExpired, shownImage } from './records.ts'

const MAX_ROUNDS = 20
/** What stands between item and secret in a token: neither has it. */
const TOKEN = /^([A-Za-z0-9_-]{1,128})\.([A-Za-z0-9_-]{43})$/

export interface HostedLibraryOptions extends DraftsOptions {
  /** Rejects where nothing may be changed. */
  readonly assertWritable: () => Promise<void>
  /** Told when what came of a refused file could not be taken back. */
  readonly onLeftOver: (error: unknown, id: string) => void
  /** Makes a change, and what lies between us and browsers forget the copies of the image of this id. */
  readonly forgetting: <T>(id: string, change: () => Promise<T>) => Promise<T>
}

/** The images of an account and how they come, change and go; who asks may do all of that. */
export class HostedLibrary {
  readonly #options: HostedLibraryOptions
  readonly #drafts: Drafts

  constructor(options: HostedLibraryOptions) {
    this.#options = options
    this.#drafts = new Drafts(options)
  }

  /** Makes an image of a file. The same id and the same file once more: the image that is there. */
  async create(image: NewImage, file: BroughtFile, context: UploadContext): Promise<HostedImage> {
    const brought = describeFile(file)
    const { now } = this.#options
    const until = new Date(now() + CLAIM_MS).toISOString()
    const draft = { expiresAt: until, claim: { id: randomUUID(), until } }
    const record = await this.#record(image, context)
    const known = await findRecord(this.#options.store, record.id)
    if (isSameImage(known?.value, { ...record, sha256: brought.sha256 })) return this.#shown(known?.value)
    const begun = await this.#drafts.begin({ ...record, draft })
    try {
      return this.#shown(await this.#drafts.fill(begun, brought, context))
    } catch (error) {
      await this.#leave(record.id, this.#drafts.abandon(record.itemId, draft.claim.id))
      throw error
    }
  }

  /** Lets somebody bring a file once, until then, with what stands in `token`. */
  async beginUpload(
    image: NewImage,
    expiresAt: Date,
    context: UploadContext,
  ): Promise<{ readonly id: string; readonly token: string }> {
    const record = await this.#record(image, context)
    const secret = randomBytes(32).toString('base64url')
    const draft = { expiresAt: expiresAt.toISOString(), secret: digestOf(secret) }
    await this.#drafts.begin({ ...record, draft })
    return { id: record.id, token: `${record.itemId}.${secret}` }
  }

  /** Whether a file may be brought with this token; throws `invalid_signature` for what is none. */
  async checkToken(token: string): Promise<ImageRecord> {
    const [, itemId = '', secret = ''] = TOKEN.exec(token) ?? []
    const found = itemId === '' ? undefined : await readKept(this.#options.store, placeOf(itemId))
    const wanted = found?.value.draft?.secret
    // A URL that was used says so to whoever has it: nobody else can know the item of a random id.
    if (found !== undefined && wanted === undefined)
      throw new GatewayError('upload_gone', 'The URL has been used')
    if (found === undefined || !isEqual(digestOf(secret), wanted ?? ''))
      throw new GatewayError('invalid_signature', 'There is no such upload URL')
    return found.value
  }

  /** Takes the one file that a token is for. */
  async completeUpload(
    token: string,
    file: BroughtFile,
    context: Omit<UploadContext, 'principal'>,
  ): Promise<HostedImage> {
    const { id, itemId, by } = await this.checkToken(token)
    const brought = describeFile(file)
    await this.#options.assertWritable()
    const claimId = randomUUID()
    const claimed = await this.#drafts.claim(itemId, claimId)
    // Whoever has the URL acts for the administrator who asked for it.
    const principal = { id: by, kind: 'server', roles: new Set(['admin'] as const) } as const
    try {
      return this.#shown(await this.#drafts.fill(claimed, brought, { ...context, principal }))
    } catch (error) {
      await this.#leave(id, this.#drafts.release(itemId, claimId))
      throw error
    }
  }

  /** Says something else of an image. */
  async edit(id: string, change: ImageChange, context: UploadContext): Promise<HostedImage> {
    if (change.meta !== undefined) checkMeta(change.meta)
    if (change.isPrivate) checkPrivacy(id)
    await this.#options.assertWritable()
    const before = await this.#get(id)
    if (change.isPrivate === undefined || change.isPrivate === before.isPrivate)
      return this.#shown(await this.#change(before, change, context))
    return this.#options.forgetting(id, async () => this.#shown(await this.#change(before, change, context)))
  }

  /** Removes an image and all copies of it; `not_found` when there is none. */
  async remove(id: string): Promise<void> {
    await this.#options.assertWritable()
    const found = await findRecord(this.#options.store, id)
    if (found === undefined || isExpired(found.value, this.#options.now())) throw notFound()
    await this.#options.forgetting(id, async () => {
      const marked = await editKept(this.#options.store, placeOf(found.value.itemId), (record) => {
        if (record === undefined) throw notFound()
        return record.removed ? record : { ...record, removed: true as const }
      })
      await this.#drafts.clear(marked)
    })
  }

  async #change(
    before: ImageRecord,
    change: ImageChange,
    { principal }: UploadContext,
  ): Promise<ImageRecord> {
    const { store, albums } = this.#options
    const { itemId } = before
    const by = { by: principal.id }
    // What is to be hidden is hidden first: whatever happens then, it is not shown.
    if (change.isPrivate && before.draft === undefined) await albums.setAccess(itemId, 'private', by)
    const edited = await editKept(store, placeOf(itemId), (record) => {
      if (record === undefined || record.removed) throw notFound()
      return {
        ...record,
        ...(change.meta !== undefined && { meta: { ...change.meta } }),
        ...(change.isPrivate !== undefined && { isPrivate: change.isPrivate }),
        ...(change.creator !== undefined && { creator: change.creator }),
      }
    })
    return change.isPrivate === undefined ? edited.value : this.#follow(edited, by)
  }

  /** Opens or closes the item as its record says, until it says nothing else any more: of two writers the last holds. */
  async #follow(edited: Kept<ImageRecord>, by: { readonly by: string }): Promise<ImageRecord> {
    const { store, albums } = this.#options
    let kept: Kept<ImageRecord> | undefined = edited
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      if (kept === undefined || kept.value.removed) throw notFound()
      // Who brings the file opens or closes it.
      if (kept.value.draft !== undefined) return edited.value
      await albums.setAccess(kept.value.itemId, accessOf(kept.value), by)
      const now: Kept<ImageRecord> | undefined = await readKept(store, placeOf(kept.value.itemId))
      if (now?.etag === kept.etag) return edited.value
      kept = now
    }
    throw new GatewayError('overloaded', 'Too many writers change this image at once: try again')
  }

  async #record(image: NewImage, { principal }: UploadContext): Promise<ImageRecord> {
    const { id = randomUUID(), isPrivate, meta, creator } = image
    if (image.id !== undefined) checkCustomId(image.id)
    if (isPrivate) checkPrivacy(id)
    checkMeta(meta)
    await this.#options.assertWritable()
    return {
      id,
      itemId: itemIdOf(id) ?? '',
      isPrivate,
      filename: '',
      uploaded: new Date(this.#options.now()).toISOString(),
      meta: { ...meta },
      ...(creator !== undefined && { creator }),
      by: principal.id,
    }
  }

  /** What cannot be taken back now ends by itself; whoever asked is told what was wrong in the first place. */
  async #leave(id: string, undoing: Promise<void>): Promise<void> {
    await undoing.catch((left: unknown) => this.#options.onLeftOver(left, id))
  }

  async #get(id: string): Promise<ImageRecord> {
    const found = await findRecord(this.#options.store, id)
    if (found === undefined || shownImage(found.value, this.#options.now()) === undefined) throw notFound()
    return found.value
  }

  #shown(record: ImageRecord | undefined): HostedImage {
    const image = record && shownImage(record, this.#options.now())
    if (image === undefined) throw notFound()
    return image
  }
}

const notFound = () => new GatewayError('not_found', 'There is no such image')

const digestOf = (secret: string) => createHash('sha256').update(secret).digest('hex')

const isEqual = (one: string, other: string) =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))
