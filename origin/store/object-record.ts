import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { CHECKSUM_NAMES, type ChecksumName } from '../body/checksum-algorithms.ts'
import type { HeaderPair } from '../protocol/stored-headers.ts'

/** All that is known of an object beside its bytes; it changes only as a whole. */
export interface ObjectRecord {
  readonly key: string
  /** The name of the file that holds the bytes; missing when `parts` hold them. */
  readonly blob?: string
  /** What a multipart upload was completed from, in order. */
  readonly parts?: readonly ObjectPart[]
  /** The upload that made it: a second completion is answered from this. */
  readonly upload?: string | undefined
  readonly bytes: number
  /** Without quotes. */
  readonly etag: string
  /** Milliseconds since 1970, in whole seconds: HTTP dates know no more. */
  readonly lastModified: number
  /** Stored headers and user metadata. */
  readonly headers: readonly HeaderPair[]
  readonly checksum?: StoredChecksum
  readonly tags?: readonly Tag[]
}

/** A tag: a pair, since a key may be named `__proto__`. */
export type Tag = readonly [key: string, value: string]
/** One part of an object that was uploaded in parts, and all that can prove it whole. */
export interface ObjectPart extends Piece {
  readonly number: number
  /** The MD5 of its bytes in hex, without quotes. */
  readonly etag: string
  readonly checksum?: StoredChecksum
}

/** A file that holds some of an object's bytes, all of the file's. */
export interface Piece {
  readonly blob: string
  readonly bytes: number
}

export interface StoredChecksum {
  readonly name: ChecksumName
  /** Base64; of a composite checksum followed by the number of its parts. */
  readonly value: string
  /** Missing: of the whole object's bytes. Composite: of its parts' checksums. */
  readonly type?: 'COMPOSITE'
}

/** The files that together, in order, hold an object's bytes. */
export function piecesOf(record: Pick<ObjectRecord, 'blob' | 'bytes' | 'parts'>): readonly Piece[] {
  if (record.parts !== undefined) return record.parts
  return record.blob === undefined ? [] : [{ blob: record.blob, bytes: record.bytes }]
}

/** The names of those files. */
export function blobsOf(record: Pick<ObjectRecord, 'blob' | 'bytes' | 'parts'>): string[] {
  return piecesOf(record).map(({ blob }) => blob)
}

/** The name of a record's file: a path is never made of a key. */
export function recordName(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

/** Reads an object's record; `undefined` when it is damaged in any way, or not the file of that name. */
export function parseRecord(text: string, name: string): ObjectRecord | undefined {
  const json = unseal(text)
  if (json === undefined) return undefined
  const value: unknown = JSON.parse(json)
  return isRecord(value) && recordName(value.key) === name ? value : undefined
}

/** One line of JSON as it stands in a file: behind a CRC-32 of itself. */
export function seal(json: string): string {
  return `${formatCrc(json)} ${json}\n`
}

/** The JSON of a sealed line; `undefined` when it is damaged. */
export function unseal(text: string): string | undefined {
  const json = text.slice(9, -1)
  return text === seal(json) ? json : undefined
}

/** Whether fields are those of a part. */
export function isPart(value: unknown): value is ObjectPart {
  return (
    hasFields(value) &&
    Number.isSafeInteger(value['number']) &&
    isBlobName(value['blob']) &&
    Number.isSafeInteger(value['bytes']) &&
    typeof value['etag'] === 'string' &&
    (value['checksum'] === undefined || isChecksum(value['checksum']))
  )
}

/** Whether a value is a list of pairs of texts, as headers are kept. */
export function isPairs(value: unknown): value is readonly HeaderPair[] {
  return Array.isArray(value) && value.every(isPair)
}

function isBlobName(text: unknown): boolean {
  return typeof text === 'string' && /^[0-9a-f]{32}$/.test(text)
}

function formatCrc(json: string): string {
  return crc32(json).toString(16).padStart(8, '0')
}

function isRecord(value: unknown): value is ObjectRecord {
  if (!hasFields(value)) return false
  const { key, bytes, etag, lastModified, headers, checksum, tags, upload } = value
  return (
    typeof key === 'string' &&
    holdsBytes(value) &&
    Number.isSafeInteger(bytes) &&
    typeof etag === 'string' &&
    Number.isSafeInteger(lastModified) &&
    isPairs(headers) &&
    (tags === undefined || isPairs(tags)) &&
    (upload === undefined || typeof upload === 'string') &&
    (checksum === undefined || isChecksum(checksum))
  )
}

/** Either a blob, or parts that add up to the length. */
function holdsBytes({ blob, parts, bytes }: Readonly<Record<string, unknown>>): boolean {
  if (parts === undefined) return isBlobName(blob)
  if (blob !== undefined || !Array.isArray(parts) || !parts.every(isPart)) return false
  return parts.reduce((sum, part) => sum + part.bytes, 0) === bytes
}

function isChecksum(value: unknown): boolean {
  return (
    hasFields(value) &&
    CHECKSUM_NAMES.some((name) => name === value['name']) &&
    typeof value['value'] === 'string' &&
    (value['type'] === undefined || value['type'] === 'COMPOSITE')
  )
}

function isPair(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string')
}

function hasFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
