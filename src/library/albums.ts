import { GatewayError } from '../errors.ts'
import type { EventType } from '../events/media-event.ts'
import { type AlbumRecord, albumKey } from '../media/records.ts'
import {
  addPhoto,
  adjustPhoto,
  allowAccess,
  emptyAlbum,
  moveToFront,
  type NewAlbum,
  presentAlbum,
  removePhoto,
  removePhotos,
  reorderPhotos,
  replacePhoto,
} from './album-edits.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { albumTarget, photosFolder } from './album-target.ts'
import { Changes, type ChangesOptions, type Edit, readRecord } from './changes.ts'
import type { Albums, ChangeOptions, NewPhoto } from './library.ts'
import { assertInSlot, isOwnFile } from './photos.ts'

export interface AlbumsOptions extends ChangesOptions {
  /** The most photos that an item may have; one that has more already keeps them. */
  readonly maxPhotos: number
}

type AlbumEdit = Edit<AlbumRecord>

/** The items of a bucket. */
export function createAlbums(options: AlbumsOptions): Albums {
  const changes = new Changes(options)
  const { store, maxPhotos } = options
  const vacancyOf = (itemId: string) => async () => assertVacant(store, itemId)
  const make = async (itemId: string, edit: AlbumEdit, options: ChangeOptions) =>
    changes.make(albumTarget(itemId), edit, options)

  return {
    async find(itemId, signal) {
      const record = (await readRecord(store, albumTarget(itemId), signal))?.record
      return record?.deleted ? undefined : record
    },
    create: async (itemId, album, options) =>
      make(itemId, { ...createEdit(itemId, album), assertVacant: vacancyOf(itemId) }, options),
    async add(itemId, photo, { at, ifAbsent, ...options }) {
      assertInSlot(photo, photosFolder(itemId))
      const edit = addEdit(itemId, photo, { at, ifAbsent, maxPhotos })
      return make(itemId, { ...edit, assertVacant: vacancyOf(itemId) }, options)
    },
    async replace(itemId, photo, options) {
      assertInSlot(photo, photosFolder(itemId))
      const event = told('media.replaced', { photoIds: [photo.photoId] })
      return make(itemId, { apply: replacePhoto(photo), event }, options)
    },
    reorder: async (itemId, photoIds, options) =>
      make(itemId, { apply: reorderPhotos(photoIds), event: toldOrder }, options),
    setCover: async (itemId, photoId, options) =>
      make(itemId, { apply: moveToFront(photoId), event: toldOrder }, options),
    adjust: async (itemId, photoId, settings, options) =>
      make(itemId, { apply: adjustPhoto(photoId, settings) }, options),
    setAccess: async (itemId, access, options) => make(itemId, { apply: allowAccess(access) }, options),
    async remove(itemId, photoId, options) {
      const event = told('media.deleted', { photoIds: [photoId] })
      return make(itemId, { apply: removePhoto(photoId), event }, options)
    },
    async removeAll(itemId, { andAlbum = false, ...options }) {
      const event = told('media.deleted', andAlbum ? { item: true } : { all: true })
      await make(itemId, { apply: removePhotos(andAlbum), event, removes: andAlbum }, options)
    },
  }
}

const told = (type: EventType, detail: Record<string, unknown>) => () => ({ type, detail })

const toldOrder = ({ photos }: AlbumRecord) => ({
  type: 'media.reordered' as const,
  detail: { photoIds: photos.map(({ photoId }) => photoId) },
})

function createEdit(itemId: string, album: NewAlbum): AlbumEdit {
  return {
    apply(before) {
      if (before?.deleted) return 'wait'
      if (before !== undefined) throw new GatewayError('already_exists', 'There is such an item already')
      return emptyAlbum(itemId, album)
    },
  }
}

function addEdit(
  itemId: string,
  photo: NewPhoto,
  { ifAbsent, ...place }: { at: number | undefined; ifAbsent: NewAlbum | undefined; maxPhotos: number },
): AlbumEdit {
  return {
    apply(before) {
      if (before?.deleted && ifAbsent !== undefined) return 'wait'
      const isNew = before === undefined && ifAbsent !== undefined
      return addPhoto(isNew ? emptyAlbum(itemId, ifAbsent) : presentAlbum(before), photo, place)
    },
    event: ({ photos }) => ({
      type: 'media.created',
      detail: {
        photoIds: [photo.photoId],
        at: photos.findIndex(({ photoId }) => photoId === photo.photoId),
      },
    }),
  }
}

/**
 * Refuses an item whose photos another program has put there: whoever came first would own them, and could delete them.
 * Of our own files those that no record names are the sweep's.
 */
async function assertVacant(store: ObjectStore, itemId: string): Promise<void> {
  for await (const { key } of store.list(`items/${itemId}/`)) {
    if (key !== albumKey(itemId) && !isOwnFile(key))
      throw new GatewayError('conflict', 'The item has files without a record: they have to be adopted first')
  }
}
