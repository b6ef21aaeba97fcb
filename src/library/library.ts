import type { Access, AlbumRecord, DocumentEntry, PhotoEntry, ProfileRecord } from '../media/records.ts'
import type { FocalPoint } from '../transform/rendering-settings.ts'

/** A file that lies at its place in the bucket already, and is to be named by a record. */
export type NewPhoto = Omit<PhotoEntry, 'focus' | 'edgeSeconds'>

/** What an owner says of a photo: absent leaves it, null takes it back. */
export interface PhotoSettings {
  /** What stays in view. */
  readonly focus?: FocalPoint | null | undefined
  /** How long the edge may keep it where it may change. */
  readonly edgeSeconds?: number | null | undefined
}

/** Who changes something: the id of a principal. */
export interface ChangeOptions {
  readonly by: string
  /** Only a record of this revision; else `precondition_failed`. */
  readonly ifRevision?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Items and their photos. Every verb is one conditional write of the record inside the protocol of design §4 ("Change and
 * forget"), tried again when another writer was first; it returns the record as committed. Throws `not_found` for an item
 * or a photo that is not there, and `conflict` when what was asked no longer fits what is there.
 */
export interface Albums {
  find(itemId: string, signal?: AbortSignal): Promise<AlbumRecord | undefined>
  /** `already_exists` when there is one. */
  create(
    itemId: string,
    album: { readonly owner: string; readonly access: Access },
    options: ChangeOptions,
  ): Promise<AlbumRecord>
  /**
   * Names a photo, at the end or at `at`; the same file named already: the record as it is. `limit_reached` beyond the
   * most photos that an item may have. Creates the album of an item that has none, with `ifAbsent`.
   */
  add(
    itemId: string,
    photo: NewPhoto,
    options: ChangeOptions & {
      readonly at?: number | undefined
      readonly ifAbsent?: { readonly owner: string; readonly access: Access } | undefined
    },
  ): Promise<AlbumRecord>
  /** Puts another file into a photo's slot; the old file is deleted after the commit. The same file again: as it is. */
  replace(itemId: string, photo: NewPhoto, options: ChangeOptions): Promise<AlbumRecord>
  /** The new order: exactly the photos that are there, each once; else `conflict`. A cover is the first in order. */
  reorder(itemId: string, photoIds: readonly string[], options: ChangeOptions): Promise<AlbumRecord>
  /** Moves a photo to the front. */
  setCover(itemId: string, photoId: string, options: ChangeOptions): Promise<AlbumRecord>
  adjust(
    itemId: string,
    photoId: string,
    settings: PhotoSettings,
    options: ChangeOptions,
  ): Promise<AlbumRecord>
  setAccess(itemId: string, access: Access, options: ChangeOptions): Promise<AlbumRecord>
  remove(itemId: string, photoId: string, options: ChangeOptions): Promise<AlbumRecord>
  /** All photos; the record stays, empty, unless `andAlbum`. */
  removeAll(
    itemId: string,
    options: ChangeOptions & { readonly andAlbum?: boolean | undefined },
  ): Promise<void>
}

/** Users' photos: one each. The same rules as `Albums`. */
export interface Profiles {
  find(userId: string, signal?: AbortSignal): Promise<ProfileRecord | undefined>
  /** Sets or replaces the photo. */
  setPhoto(userId: string, photo: NewPhoto, options: ChangeOptions): Promise<ProfileRecord>
  setAccess(userId: string, access: Access, options: ChangeOptions): Promise<ProfileRecord>
  removePhoto(userId: string, options: ChangeOptions): Promise<void>
}

/** Verification documents: private, by type, until they expire. */
export interface Documents {
  list(userId: string, signal?: AbortSignal): Promise<readonly DocumentEntry[]>
  find(userId: string, fileId: string, signal?: AbortSignal): Promise<DocumentEntry | undefined>
  add(userId: string, document: DocumentEntry, options: ChangeOptions): Promise<void>
  remove(userId: string, fileId: string, options: ChangeOptions): Promise<void>
  /** Removes what has expired. */
  removeExpired(userId: string, options: ChangeOptions): Promise<void>
}
