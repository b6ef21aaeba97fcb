import { GatewayError } from '../errors.ts'
import type { Guarded } from '../identity/access.ts'
import type { Principal } from '../identity/principal.ts'
import type { Albums, Documents, NewPhoto, Profiles } from '../library/library.ts'
import { type Kind, type Kinds, type FileFormat, FILE_TYPES } from '../media/kinds.ts'
import type { DocumentEntry } from '../media/records.ts'
import type { AnyRequest } from './request.ts'
import type { CheckedFile, UploadPlan } from './upload-states.ts'
import type { Completed } from './uploads.ts'

/** What the record says of where a file is to go, before it goes there. */
export interface Standing extends Guarded {
  /** Whether a file takes the place of another. */
  readonly replaces: boolean
  /** Whether there is no record yet: the first file makes it, and its owner. */
  readonly claims: boolean
}

/** Where the file of an upload will lie. */
export interface Target {
  readonly key: string
  readonly photoId?: string
}

/** A file that lies at its target. */
export interface PlacedFile {
  readonly plan: UploadPlan
  readonly checked: CheckedFile
  /** Of the bytes at the target. */
  readonly etag: string
}

/** The records of a kind, as uploads need them. */
export interface Shelf {
  /** `not_found` when there is no item, or no photo to replace; `limit_reached` when there is no place. */
  look(request: AnyRequest, principal: Principal, signal?: AbortSignal): Promise<Standing>
  /** Where a new file goes; `ids` are random. */
  target(
    request: AnyRequest,
    format: FileFormat,
    ids: { readonly fileId: string; readonly photoId: string },
  ): Target
  /** Names a file; the same file again is named once. */
  name(file: PlacedFile): Promise<Completed>
  /** What a file has become, if the record names it. */
  find(plan: UploadPlan): Promise<Completed | undefined>
  /** The path that shows it as a picture. */
  picturePath(plan: UploadPlan): string | undefined
}

export interface ShelfOptions {
  readonly albums: Pick<Albums, 'find' | 'add' | 'replace' | 'remove'>
  readonly profiles: Pick<Profiles, 'find' | 'setPhoto'>
  readonly documents: Pick<Documents, 'find' | 'add'>
  readonly kinds: Kinds
  /** The most photos that an item may have: told before the file is sent, where it is known. */
  readonly maxPhotos?: number | undefined
}

export function createShelves(options: ShelfOptions): Readonly<Record<Kind, Shelf>> {
  return {
    'item-photo': itemPhotos(options),
    'profile-photo': profilePhotos(options),
    'verification-document': verificationDocuments(options),
  }
}

function itemPhotos({ albums, kinds, maxPhotos = Infinity }: ShelfOptions): Shelf {
  return {
    async look({ ownerId, photoId }, principal, signal) {
      const album = await albums.find(ownerId, signal)
      if (album === undefined && principal.kind === 'server')
        throw new GatewayError('not_found', 'There is no such item; say first whose it is')
      if (photoId !== undefined && !album?.photos.some((photo) => photo.photoId === photoId))
        throw new GatewayError('not_found', 'The item has no such photo')
      if (photoId === undefined && (album?.photos.length ?? 0) >= maxPhotos)
        throw new GatewayError('limit_reached', `An item has ${maxPhotos} photos at most`)
      const { access } = album ?? kinds['item-photo']
      // Who brings the first photo of an item becomes its owner.
      const owner = album?.owner ?? principal.id
      return { kind: 'picture', access, owner, replaces: photoId !== undefined, claims: album === undefined }
    },
    target: ({ ownerId, photoId: slot }, format, { fileId, photoId }) => {
      const kept = slot ?? photoId
      return { key: `items/${ownerId}/photos/${kept}/${fileName(fileId, format)}`, photoId: kept }
    },
    async name(file) {
      const { request, principal, replaces } = file.plan
      const [photo, options] = [photoOf(file), { by: principal.id }]
      const ifAbsent = { owner: principal.id, access: kinds['item-photo'].access }
      const record = replaces
        ? await albums.replace(request.ownerId, photo, options)
        : await albums.add(request.ownerId, photo, { ...options, at: request.at, ifAbsent })
      if (file.checked.claims && record.owner !== principal.id) {
        await albums.remove(request.ownerId, photo.photoId, options)
        throw new GatewayError('conflict', 'Somebody else has brought the first photo of this item')
      }
      return photoCompleted(file.plan, record.photos.find(({ key }) => key === photo.key) ?? photo)
    },
    async find(plan) {
      const album = await albums.find(plan.request.ownerId)
      const photo = album?.photos.find(({ key }) => key === plan.target.key)
      return photo && photoCompleted(plan, photo)
    },
    picturePath: ({ request, target }) => `items/${request.ownerId}/photos/${target.photoId}`,
  }
}

function profilePhotos({ profiles, kinds }: ShelfOptions): Shelf {
  return {
    async look({ ownerId }, _principal, signal) {
      const profile = await profiles.find(ownerId, signal)
      const { access } = profile ?? kinds['profile-photo']
      const replaces = profile?.photo !== undefined
      const owner = profile?.owner ?? ownerId
      return { kind: 'picture', access, owner, replaces, claims: false }
    },
    target: ({ ownerId }, format, { fileId, photoId }) => {
      return { key: `profiles/${ownerId}/photo/${photoId}/${fileName(fileId, format)}`, photoId }
    },
    async name(file) {
      const { request, principal } = file.plan
      const photo = photoOf(file)
      const record = await profiles.setPhoto(request.ownerId, photo, { by: principal.id })
      return photoCompleted(file.plan, record.photo?.key === photo.key ? record.photo : photo)
    },
    async find(plan) {
      const photo = (await profiles.find(plan.request.ownerId))?.photo
      return photo?.key === plan.target.key ? photoCompleted(plan, photo) : undefined
    },
    picturePath: ({ request }) => `profiles/${request.ownerId}`,
  }
}

function verificationDocuments({ documents }: ShelfOptions): Shelf {
  return {
    async look({ ownerId: owner }) {
      return { kind: 'document', access: 'private', owner, replaces: false, claims: false }
    },
    target: ({ ownerId, documentType, fileName: name }, _format, { fileId }) => {
      return { key: `verification/${ownerId}/${documentType}/${fileId}/${name}` }
    },
    async name(file) {
      const { request, principal } = file.plan
      const document = documentOf(file)
      await documents.add(request.ownerId, document, { by: principal.id })
      return { kind: 'verification-document', ownerId: request.ownerId, document }
    },
    async find({ request, uploadId }) {
      const document = await documents.find(request.ownerId, uploadId)
      return document && { kind: 'verification-document', ownerId: request.ownerId, document }
    },
    picturePath: () => undefined,
  }
}

/** Random and never used again: whatever is made of this file can never be mistaken for that of another. */
function fileName(fileId: string, format: FileFormat): string {
  return `original-${fileId}.${FILE_TYPES[format].extension}`
}

function photoOf({ plan, checked, etag }: PlacedFile): NewPhoto {
  const { request, target } = plan
  if (checked.picture === undefined || target.photoId === undefined)
    throw new Error(`${target.key} is no photo`)
  const { bytes, addedAt, picture } = checked
  const { contentType, fileName: name } = request
  return {
    photoId: target.photoId,
    key: target.key,
    etag,
    contentType,
    bytes,
    addedAt,
    ...picture,
    fileName: name,
  }
}

function documentOf({ plan, checked, etag }: PlacedFile): DocumentEntry {
  const { request, target, uploadId } = plan
  return {
    fileId: uploadId,
    type: request.documentType ?? '',
    key: target.key,
    etag,
    contentType: request.contentType,
    bytes: checked.bytes,
    fileName: request.fileName,
    addedAt: checked.addedAt,
    ...(request.documentExpiresAt !== undefined && { expiresAt: request.documentExpiresAt }),
  }
}

function photoCompleted({ request, replaces }: UploadPlan, photo: NewPhoto): Completed {
  const { kind, ownerId } = request
  if (kind === 'verification-document') throw new Error('A document is no photo')
  return { kind, ownerId, photo, replaced: replaces }
}
