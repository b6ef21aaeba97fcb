import { compareUtf8 } from './compare-utf8.ts'
import type { ObjectRecord } from './object-record.ts'
import type { OrderedIndex } from './ordered-index.ts'

/** The place after which a listing goes on: after a key, or after all keys of a common prefix. */
export interface Cursor {
  readonly kind: 'key' | 'prefix'
  readonly value: string
}

export interface PageRequest {
  readonly prefix: string
  /** Empty: none. */
  readonly delimiter: string
  /** Keys and common prefixes together. */
  readonly limit: number
  readonly after?: Cursor | undefined
}

export interface Page {
  readonly records: readonly ObjectRecord[]
  readonly prefixes: readonly string[]
  /** Where the next page begins; missing on the last. */
  readonly next?: Cursor
}

/** One page of a listing, in UTF-8 byte order. A common prefix costs one search, however many keys it has. */
export function listPage(index: Pick<OrderedIndex<ObjectRecord>, 'scan'>, request: PageRequest): Page {
  const { prefix, limit, after } = request
  if (limit === 0) return { records: [], prefixes: [] }
  const records: ObjectRecord[] = []
  const prefixes: string[] = []
  let last = after
  let scan = index.scan((key) => compareUtf8(key, prefix) < 0 || isPassed(key, after))
  for (let next = scan.next(); next.done !== true; next = scan.next()) {
    const record = next.value
    if (!record.key.startsWith(prefix)) break
    if (records.length + prefixes.length === limit) return { records, prefixes, ...(last && { next: last }) }
    const group = commonPrefix(record.key, request)
    if (group === undefined) {
      records.push(record)
      last = { kind: 'key', value: record.key }
    } else {
      prefixes.push(group)
      const cursor: Cursor = { kind: 'prefix', value: group }
      last = cursor
      scan = index.scan((key) => isPassed(key, cursor))
    }
  }
  return { records, prefixes }
}

function isPassed(key: string, cursor: Cursor | undefined): boolean {
  if (cursor === undefined) return false
  if (cursor.kind === 'prefix' && key.startsWith(cursor.value)) return true
  return compareUtf8(key, cursor.value) <= 0
}

/** The group that a key with the prefix is listed in: up to the first delimiter after it; `undefined`: by itself. */
export function commonPrefix(
  key: string,
  { prefix, delimiter }: Pick<PageRequest, 'prefix' | 'delimiter'>,
): string | undefined {
  if (delimiter === '') return undefined
  const end = key.indexOf(delimiter, prefix.length)
  return end === -1 ? undefined : key.slice(0, end + delimiter.length)
}
