import type { CallOptions, GetOptions, GetResult, ObjectFacts, ObjectStore } from './object-store.ts'
import { maxKeyBytes } from './stamp.ts'

/** What may be read of a bucket as a picture: for every other key there is nothing, and the bucket is not asked. */
export interface SourceView {
  /** Whether a key may be read at all, wherever it lies. */
  allows(key: string): boolean
  head(key: string, options?: CallOptions): Promise<ObjectFacts | undefined>
  get(key: string, options?: GetOptions): Promise<GetResult>
}

/** What may be read of a bucket as a record of the library. */
export interface RecordView {
  /** Whether a key is that of a record. */
  allows(key: string): boolean
  get(key: string, options?: GetOptions): Promise<GetResult>
}

/** Everything that Halftone keeps for itself or for somebody in particular. */
const reserved = ['img/', 'private/', 'system/', 'temp/', 'verification/'] as const

// Ids as in `media/records.ts`; storage may not import it, so the shape stands here once more.
const id = '[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}'
const recordKey = new RegExp(`^(?:items/${id}/album|profiles/${id}/profile)\\.json$`)

/** The sources under `prefixes` (each ends in `/`; `*` is every prefix) and none of what is reserved. */
export function createSourceView(
  store: Pick<ObjectStore, 'head' | 'get'>,
  prefixes: readonly string[],
): SourceView {
  const isUnder = createPrefixCheck(prefixes)
  const allows = (key: string) => isUnder(key) && isPlain(key) && !isReserved(key)
  return {
    allows,
    head: async (key, options) => (allows(key) ? store.head(key, options) : undefined),
    get: async (key, options) => (allows(key) ? store.get(key, options) : { outcome: 'absent' }),
  }
}

/** The albums and profiles under `prefixes`, and nothing else. */
export function createRecordView(store: Pick<ObjectStore, 'get'>, prefixes: readonly string[]): RecordView {
  const isUnder = createPrefixCheck(prefixes)
  const allows = (key: string) => isUnder(key) && recordKey.test(key)
  return {
    allows,
    get: async (key, options) => (allows(key) ? store.get(key, options) : { outcome: 'absent' }),
  }
}

function createPrefixCheck(prefixes: readonly string[]): (key: string) => boolean {
  for (const prefix of prefixes) {
    // `items` would also open `items-of-others/`.
    if (prefix !== '*' && !/.\/$/.test(prefix))
      throw new TypeError(`Prefix ${JSON.stringify(prefix)} must end in /`)
  }
  return (key) => prefixes.some((prefix) => prefix === '*' || key.startsWith(prefix))
}

function isReserved(key: string): boolean {
  return reserved.some((prefix) => key.startsWith(prefix)) || /\.json$/i.test(key)
}

function isPlain(key: string): boolean {
  if (Buffer.byteLength(key) > maxKeyBytes || /[\p{Control}\p{Surrogate}\\]/u.test(key)) return false
  return key.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..')
}
