import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { CHECKSUM_NAMES, type ChecksumName } from '../body/checksum-algorithms.ts'
import type { HeaderPair } from '../protocol/stored-headers.ts'

/** All that is known of an object beside its bytes; it changes only as a whole. */
export interface ObjectRecord {
  readonly key: string
  /** The name of the file that holds the bytes. */
  readonly blob: string
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

export interface StoredChecksum {
  readonly name: ChecksumName
  /** Base64. */
  readonly value: string
}

/** The name of a record's file: a path is never made of a key. */
export function recordName(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

/** A record as it stands in its file: a CRC-32 of the rest, and one line of JSON. */
export function formatRecord(record: ObjectRecord): string {
  return seal(JSON.stringify(record))
}

/** Reads a record's file; `undefined` when it is damaged in any way, or not the file of that name. */
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

/** Whether a text can be the name of a blob. */
export function isBlobName(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text)
}

function formatCrc(json: string): string {
  return crc32(json).toString(16).padStart(8, '0')
}

function isRecord(value: unknown): value is ObjectRecord {
  if (!hasFields(value)) return false
  const { key, blob, bytes, etag, lastModified, headers, checksum, tags } = value
  return (
    typeof key === 'string' &&
    typeof blob === 'string' &&
    isBlobName(blob) &&
    Number.isSafeInteger(bytes) &&
    typeof etag === 'string' &&
    Number.isSafeInteger(lastModified) &&
    isPairs(headers) &&
    (tags === undefined || isPairs(tags)) &&
    (checksum === undefined || isChecksum(checksum))
  )
}

function isChecksum(value: unknown): boolean {
  return (
    hasFields(value) &&
    CHECKSUM_NAMES.some((name) => name === value['name']) &&
    typeof value['value'] === 'string'
  )
}

function isPairs(value: unknown): boolean {
  return Array.isArray(value) && value.every(isPair)
}

function isPair(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string')
}

function hasFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
