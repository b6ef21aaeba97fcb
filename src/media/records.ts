import { z } from 'zod'
import { idPattern } from '../urls/ids.ts'

const fraction = z.number().min(0).max(1)

/** What a record keeps of a photo's EXIF. */
export const shot = z.object({
  make: z.string().optional(),
  model: z.string().optional(),
  lens: z.string().optional(),
  takenAt: z.string().optional(),
  exposureSeconds: z.number().optional(),
  aperture: z.number().optional(),
  iso: z.number().optional(),
  focalLengthMm: z.number().optional(),
})

/** How often a record has been changed; those written before there were revisions are at 0. */
const revision = z.int().nonnegative().default(0)

/** How many of its last changes a record remembers. */
export const CHANGES_KEPT = 32

/** The last changes of a record, oldest first: whoever has lost the answer to a change finds it here. */
const changes = z
  .array(
    z.object({
      /** The revision that it made. */
      revision: z.int().positive(),
      /** Random; the id of its event. */
      id: z.string().min(1),
      /** The ETag of the record that it was made from, where Halftone wrote that one. */
      over: z.string().optional(),
      /** Hashes of the keys that it took out of the record: what is removed is never named again. */
      unnamed: z.array(z.string()).optional(),
    }),
  )
  .optional()

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
  /** How long the edge may keep it where it may change, in seconds; without it as long as its kind. */
  edgeSeconds: z.int().min(0).max(31_536_000).optional(),
  /** A ThumbHash in base64, to show meanwhile. */
  placeholder: z.string().optional(),
  /** `#rrggbb`. */
  dominantColour: z.string().optional(),
  /** What the file was called by whoever uploaded it. */
  fileName: z.string().optional(),
  /** How it was taken, by its EXIF; never where. */
  shot: shot.optional(),
})

export const ACCESS = ['public', 'authenticated', 'private'] as const
const access = z.enum(ACCESS)

/** `items/{itemId}/album.json`: an item's photos in order, the first is the cover. */
export const albumRecord = z.object({
  itemId: z.string().regex(idPattern),
  owner: z.string().min(1),
  access,
  revision,
  changes,
  photos: z.array(photo),
  /** The item is being deleted: for everybody but whoever deletes it, it is gone. */
  deleted: z.literal(true).optional(),
})

/** `profiles/{userId}/profile.json`: a user's photo, if there is one. */
export const profileRecord = z.object({
  userId: z.string().regex(idPattern),
  owner: z.string().min(1),
  access,
  revision,
  changes,
  photo: photo.optional(),
})

/** Types of verification documents: a segment of their keys. */
export const documentTypePattern = /^[a-z0-9][a-z0-9_-]{0,63}$/

const document = z.object({
  fileId: z.string().regex(idPattern),
  type: z.string().regex(documentTypePattern),
  key: z.string().min(1),
  etag: z.string().min(1),
  contentType: z.string(),
  /** Length in bytes. */
  bytes: z.int().nonnegative(),
  fileName: z.string(),
  addedAt: z.iso.datetime(),
  /** From then on it is not handed out, and the sweep removes it. */
  expiresAt: z.iso.datetime().optional(),
})

/** `verification/{userId}/documents.json`: a user's documents. Always private. */
export const documentsRecord = z.object({
  userId: z.string().regex(idPattern),
  revision,
  changes,
  documents: z.array(document),
})

export type PhotoEntry = z.infer<typeof photo>
export type AlbumRecord = z.infer<typeof albumRecord>
export type ProfileRecord = z.infer<typeof profileRecord>
export type DocumentEntry = z.infer<typeof document>
export type DocumentsRecord = z.infer<typeof documentsRecord>
export type Access = z.infer<typeof access>

/** Where the album of an item lies. */
export const albumKey = (itemId: string): string => `items/${itemId}/album.json`

/** Where the profile of a user lies. */
export const profileKey = (userId: string): string => `profiles/${userId}/profile.json`

/** Where the record of a user's documents lies. */
export const documentsKey = (userId: string): string => `verification/${userId}/documents.json`
