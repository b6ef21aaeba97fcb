import { z } from 'zod'
import { FILE_FORMATS, type Kinds, PICTURE_FORMATS } from '../media/kinds.ts'
import { ACCESS } from '../media/records.ts'
import { OUTPUT_FORMATS } from '../transform/spec.ts'
import { list, megabytes, whole } from './types.ts'

const oneOf = (names: readonly string[]) => `names out of ${names.join(', ')}, with commas`

const formats = <const Name extends string>(known: readonly Name[], fallback: readonly Name[]) =>
  list.pipe(z.array(z.enum(known, oneOf(known))).min(1, oneOf(known))).default([...fallback])

const megapixels = whole(16, 1, 100).transform((count) => count * 1_000_000)
const access = z.enum(ACCESS, ACCESS.join(', ')).default('public')
const presets = list.default(['thumbnail', 'medium', 'large'])

/** What may be uploaded, by kind, and how long a ticket lasts. */
export const uploadSettings = {
  HALFTONE_ITEM_PHOTO_FORMATS: formats(PICTURE_FORMATS, PICTURE_FORMATS),
  HALFTONE_ITEM_PHOTO_MAX_MB: megabytes(10, 1, 50),
  HALFTONE_ITEM_PHOTO_MAX_MEGAPIXELS: megapixels,
  HALFTONE_ITEM_PHOTO_MAX_SIDE: whole(8_192, 16, 16_384),
  HALFTONE_ITEM_PHOTO_ACCESS: access,
  HALFTONE_ITEM_PHOTO_PRESETS: presets,
  HALFTONE_PROFILE_PHOTO_FORMATS: formats(PICTURE_FORMATS, PICTURE_FORMATS),
  HALFTONE_PROFILE_PHOTO_MAX_MB: megabytes(10, 1, 50),
  HALFTONE_PROFILE_PHOTO_MAX_MEGAPIXELS: megapixels,
  HALFTONE_PROFILE_PHOTO_MAX_SIDE: whole(8_192, 16, 16_384),
  HALFTONE_PROFILE_PHOTO_ACCESS: access,
  HALFTONE_PROFILE_PHOTO_PRESETS: presets,
  HALFTONE_DOCUMENT_FORMATS: formats(FILE_FORMATS, ['jpeg', 'png', 'pdf']),
  HALFTONE_DOCUMENT_MAX_MB: megabytes(10, 1, 50),
  HALFTONE_DOCUMENT_MAX_MEGAPIXELS: megapixels,
  HALFTONE_DOCUMENT_MAX_SIDE: whole(8_192, 16, 16_384),

  HALFTONE_TICKET_MINUTES: whole(15, 1, 60),
  HALFTONE_TICKET_PARTS_HOURS: whole(24, 1, 24),
  HALFTONE_UPLOAD_MEMORY_MB: megabytes(64, 1, 100_000),
  HALFTONE_PREPARE_FORMATS: list
    .pipe(z.array(z.enum(OUTPUT_FORMATS, oneOf(OUTPUT_FORMATS))).min(1, oneOf(OUTPUT_FORMATS)))
    .default(['webp']),
  HALFTONE_PREPARE_QUEUE_LENGTH: whole(1_000, 0, 100_000),
}

type UploadSettings = z.infer<z.ZodObject<typeof uploadSettings>>

/** The table of kinds that the settings make. */
export function kindsOf(settings: UploadSettings): Kinds {
  return {
    'item-photo': {
      formats: settings.HALFTONE_ITEM_PHOTO_FORMATS,
      maxBytes: settings.HALFTONE_ITEM_PHOTO_MAX_MB,
      maxPixels: settings.HALFTONE_ITEM_PHOTO_MAX_MEGAPIXELS,
      maxSide: settings.HALFTONE_ITEM_PHOTO_MAX_SIDE,
      access: settings.HALFTONE_ITEM_PHOTO_ACCESS,
      presets: settings.HALFTONE_ITEM_PHOTO_PRESETS,
    },
    'profile-photo': {
      formats: settings.HALFTONE_PROFILE_PHOTO_FORMATS,
      maxBytes: settings.HALFTONE_PROFILE_PHOTO_MAX_MB,
      maxPixels: settings.HALFTONE_PROFILE_PHOTO_MAX_MEGAPIXELS,
      maxSide: settings.HALFTONE_PROFILE_PHOTO_MAX_SIDE,
      access: settings.HALFTONE_PROFILE_PHOTO_ACCESS,
      presets: settings.HALFTONE_PROFILE_PHOTO_PRESETS,
    },
    'verification-document': {
      formats: settings.HALFTONE_DOCUMENT_FORMATS,
      maxBytes: settings.HALFTONE_DOCUMENT_MAX_MB,
      maxPixels: settings.HALFTONE_DOCUMENT_MAX_MEGAPIXELS,
      maxSide: settings.HALFTONE_DOCUMENT_MAX_SIDE,
      access: 'private',
      presets: [],
    },
  }
}
