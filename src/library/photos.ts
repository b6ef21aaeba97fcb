import { GatewayError } from '../errors.ts'
import type { PhotoEntry } from '../media/records.ts'
import { idPattern } from '../urls/ids.ts'
import type { NewPhoto } from './library.ts'

/** Refuses what can be no id of an item, a user or a photo: keys are made of it. */
export function assertId(id: string): void {
  if (!idPattern.test(id))
    throw new GatewayError('invalid_request', 'An id of letters, digits, . _ - is needed')
}

/** Refuses a photo whose file does not lie in the folder of its slot. */
export function assertInSlot({ photoId, key }: NewPhoto, folder: string): void {
  assertId(photoId)
  const name = key.startsWith(`${folder}${photoId}/`) ? key.slice(folder.length + photoId.length + 1) : ''
  if (name === '' || name.includes('/'))
    throw new GatewayError('invalid_request', `The file has to lie in ${folder}${photoId}/`)
}

/** Whether a file has a name that only uploads give. */
export const isOwnFile = (key: string): boolean => /\/original-[^/]+$/.test(key)

/** The photos' files that lie in the folders of their slots, and so are theirs alone. */
export const filesInSlots = (photos: readonly PhotoEntry[], folder: string): readonly PhotoEntry[] =>
  photos.filter(({ photoId, key }) => key.startsWith(`${folder}${photoId}/`))

/** Whether two entries look the same: then their variants are the same. */
export function isSamePicture(one: PhotoEntry, other: PhotoEntry): boolean {
  const isSameFocus = one.focus?.x === other.focus?.x && one.focus?.y === other.focus?.y
  return one.key === other.key && one.etag === other.etag && isSameFocus
}
