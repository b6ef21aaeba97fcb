import type { PictureFacts } from '../render/renderer.ts'
import type { Access } from './records.ts'

/** What can be uploaded: the rows of the table of kinds. */
export const KINDS = ['item-photo', 'profile-photo', 'verification-document'] as const
export type Kind = (typeof KINDS)[number]

/** The formats that a photo can be allowed to have. An SVG is a program, and a TIFF no browser shows. */
export const PICTURE_FORMATS = [
  'jpeg',
  'png',
  'webp',
  'avif',
  'gif',
] as const satisfies readonly PictureFacts['format'][]

/** The formats that a file of any kind can be allowed to have. */
export const FILE_FORMATS = [...PICTURE_FORMATS, 'pdf'] as const
export type FileFormat = (typeof FILE_FORMATS)[number]

interface FileType {
  readonly contentType: string
  /** Without a dot. */
  readonly extension: string
  /** As people call it. */
  readonly label: string
}

/** What files of a format are called. */
export const FILE_TYPES: Readonly<Record<FileFormat, FileType>> = {
  jpeg: { contentType: 'image/jpeg', extension: 'jpg', label: 'JPEG' },
  png: { contentType: 'image/png', extension: 'png', label: 'PNG' },
  webp: { contentType: 'image/webp', extension: 'webp', label: 'WebP' },
  avif: { contentType: 'image/avif', extension: 'avif', label: 'AVIF' },
  gif: { contentType: 'image/gif', extension: 'gif', label: 'GIF' },
  pdf: { contentType: 'application/pdf', extension: 'pdf', label: 'PDF' },
}

/** What a file of a kind may be, and what is done with it. */
export interface KindRules {
  readonly formats: readonly FileFormat[]
  /** Length of the file. */
  readonly maxBytes: number
  /** Width × height of a picture. */
  readonly maxPixels: number
  /** The longer side of a picture, in pixels. */
  readonly maxSide: number
  /** Who may read what belongs to a record that the first upload creates. */
  readonly access: Access
  /** The sizes that are made afterwards, by their names. */
  readonly presets: readonly string[]
}

/** The table of kinds. */
export type Kinds = Readonly<Record<Kind, KindRules>>

/** The format that a content type stands for, in the spelling that is registered; `undefined` for all others. */
export function formatOf(contentType: string): FileFormat | undefined {
  return FILE_FORMATS.find((format) => FILE_TYPES[format].contentType === contentType)
}

/** `JPEG, PNG and PDF`: the formats of a kind, for people. */
export function labelsOf(formats: readonly FileFormat[]): string {
  const labels = formats.map((format) => FILE_TYPES[format].label)
  const last = labels.at(-1) ?? ''
  return labels.length > 1 ? `${labels.slice(0, -1).join(', ')} and ${last}` : last
}
