import { z } from 'zod'
import { idPattern } from '../urls/ids.ts'

const fraction = z.number().min(0).max(1)

const photo = z.object({
  photoId: z.string().regex(idPattern),
  key: z.string().min(1),
  etag: z.string().min(1),
  contentType: z.string(),
  /** Length in bytes. */
  bytes: z.int().nonnegative(),
  /** Sides in pixels, turned. */
  width: z.int().positive(),
  height: z.int().positive(),
  /** When the file came in, ISO 8601. */
  addedAt: z.iso.datetime(),
  /** What stays in view when a box is cut out, as fractions of the turned sides; without it the gateway finds it. */
  focus: z.object({ x: fraction, y: fraction }).optional(),
  /** A small picture or colour to show meanwhile. */
  placeholder: z.string().optional(),
})

const access = z.enum(['public', 'authenticated', 'private'])

/** `items/{itemId}/album.json`: an item's photos in order, the first is the cover. */
export const albumRecord = z.object({
  itemId: z.string().regex(idPattern),
  owner: z.string().min(1),
  access,
  photos: z.array(photo),
})

/** `profiles/{userId}/profile.json`: a user's photo, if there is one. */
export const profileRecord = z.object({
  userId: z.string().regex(idPattern),
  owner: z.string().min(1),
  access,
  photo: photo.optional(),
})

export type PhotoEntry = z.infer<typeof photo>
export type AlbumRecord = z.infer<typeof albumRecord>
export type ProfileRecord = z.infer<typeof profileRecord>
export type Access = z.infer<typeof access>

/** Where the album of an item lies. */
export const albumKey = (itemId: string): string => `items/${itemId}/album.json`

/** Where the profile of a user lies. */
export const profileKey = (userId: string): string => `profiles/${userId}/profile.json`
