import { createHash } from 'node:crypto'
import { GatewayError } from '../errors.ts'
import { contentTypeOf } from '../uploads/check-file.ts'
import { isUuid } from './image-id.ts'
import type { ImageRecord } from './records.ts'

const MAX_META_BYTES = 1024

/** What is said of an image when it is made. */
export interface NewImage {
  /** What its owner calls it; without it a UUID. */
  readonly id?: string | undefined
  readonly meta: Readonly<Record<string, unknown>>
  readonly isPrivate: boolean
  readonly creator?: string | undefined
}

/** What is said anew of an image: absent leaves it. */
export interface ImageChange {
  readonly meta?: Readonly<Record<string, unknown>> | undefined
  readonly isPrivate?: boolean | undefined
  readonly creator?: string | undefined
}

/** A file that somebody brings, as it was sent. */
export interface BroughtFile {
  readonly fileName: string
  readonly bytes: Buffer
}

/** The same with what its bytes say. */
export type DescribedFile = ReturnType<typeof describeFile>

/** A file with its type, as its first bytes say it, and its checksum; `upload_type_refused` for what is no picture of ours. */
export function describeFile(file: BroughtFile) {
  const sha256 = createHash('sha256').update(file.bytes).digest('hex')
  return { ...file, contentType: typeOf(file), sha256 }
}

/** Whether what is to be made is there already: whoever asks has lost the answer. */
export function isSameImage(known: ImageRecord | undefined, wanted: ImageRecord): boolean {
  if (known === undefined || known.removed || known.draft !== undefined) return false
  return toldOf(known) === toldOf(wanted)
}

const toldOf = ({ sha256, isPrivate, meta, creator }: ImageRecord) =>
  JSON.stringify([sha256, isPrivate, meta, creator])

/** Refuses to hide an image whose id can be guessed. */
export function checkPrivacy(id: string): void {
  if (isUuid(id)) return
  throw new GatewayError(
    'invalid_request',
    'requireSignedURLs: an image with an id of its own cannot be private; accepted is false',
  )
}

/** Refuses metadata that is too long. */
export function checkMeta(meta: Readonly<Record<string, unknown>>): void {
  const bytes = Buffer.byteLength(JSON.stringify(meta))
  if (bytes <= MAX_META_BYTES) return
  throw new GatewayError(
    'invalid_request',
    `metadata: accepted is a JSON object of at most ${MAX_META_BYTES} bytes; this has ${bytes}`,
  )
}

function typeOf({ bytes }: BroughtFile): string {
  const contentType = contentTypeOf(bytes)
  if (contentType?.startsWith('image/')) return contentType
  throw new GatewayError('upload_type_refused', 'The file is none of JPEG, PNG, WebP, AVIF and GIF')
}
