import { CHECKSUM_NAMES, type ChecksumName } from '../body/checksum-algorithms.ts'
import type { HeaderPair } from '../protocol/stored-headers.ts'
import { isPairs, isPart, type ObjectPart, type Tag, unseal } from '../store/object-record.ts'

/** What an upload's beginning says of the object to come; it never changes. */
export interface UploadRecord {
  /** When it began and what nobody can guess, in hex: ids of one key sort by their time. */
  readonly id: string
  readonly bucket: string
  readonly key: string
  /** Milliseconds since 1970. */
  readonly initiatedAt: number
  /** Stored headers and user metadata. */
  readonly headers: readonly HeaderPair[]
  readonly checksum?: UploadChecksum
  readonly tags?: readonly Tag[]
}

/** Which checksum every part must bring, and what is made of them. */
export interface UploadChecksum {
  readonly name: ChecksumName
  readonly type: 'COMPOSITE' | 'FULL_OBJECT'
}

/** A part as it stands in its file. */
export interface PartRecord extends ObjectPart {
  /** The upload's id. */
  readonly upload: string
  /** Milliseconds since 1970, in whole seconds. */
  readonly lastModified: number
}

/** An upload that is neither completed nor aborted, and what there is of it. */
export interface Upload extends UploadRecord {
  /** By number. */
  readonly parts: ReadonlyMap<number, PartRecord>
}

/** The name of the file of an upload, or of one of its parts. */
export function uploadFileName(id: string, part?: number): string {
  return part === undefined ? id : `${id}.${part}`
}

/** Reads an upload's file; `undefined` when it is damaged in any way, or not the file of that name. */
export function parseUpload(text: string, name: string): UploadRecord | undefined {
  const value = fieldsOf(text)
  return isUpload(value) && uploadFileName(value.id) === name ? value : undefined
}

/** The same for a part's file. */
export function parsePart(text: string, name: string): PartRecord | undefined {
  const value = fieldsOf(text)
  return isPartRecord(value) && uploadFileName(value.upload, value.number) === name ? value : undefined
}

function fieldsOf(text: string): object | undefined {
  const json = unseal(text)
  const value: unknown = json === undefined ? undefined : JSON.parse(json)
  return typeof value === 'object' && value !== null ? value : undefined
}

function isUpload(value: object | undefined): value is UploadRecord {
  const fields: Partial<Record<keyof UploadRecord, unknown>> = { ...value }
  return (
    [fields.id, fields.bucket, fields.key].every((field) => typeof field === 'string') &&
    Number.isSafeInteger(fields.initiatedAt) &&
    isPairs(fields.headers) &&
    (fields.tags === undefined || isPairs(fields.tags)) &&
    (fields.checksum === undefined || isUploadChecksum(fields.checksum))
  )
}

function isUploadChecksum(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('name' in value) || !('type' in value)) return false
  const { name, type } = value
  return CHECKSUM_NAMES.some((known) => known === name) && (type === 'COMPOSITE' || type === 'FULL_OBJECT')
}

function isPartRecord(value: object | undefined): value is PartRecord {
  return (
    isPart(value) && 'lastModified' in value && Number.isSafeInteger(value.lastModified) && 'upload' in value
  )
}
