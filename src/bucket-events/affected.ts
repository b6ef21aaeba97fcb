import { type AlbumRecord, albumKey, albumRecord, profileKey, profileRecord } from '../media/records.ts'
import type { CallOptions, ObjectStore } from '../storage/object-store.ts'
import {
  createRecordView,
  createSourceView,
  type RecordView,
  type SourceView,
} from '../storage/source-view.ts'
import { isStamped } from '../storage/stamp.ts'
import { itemPhotoPath, libraryOwner, type LibraryOwner, ownerAbove } from '../urls/source-path.ts'
import { bare, type BucketChange } from './change.ts'

/** What becomes of a change: it is forgotten, it was our own and is forgotten already, or no picture depends on it. */
export type Verdict = 'foreign' | 'own' | 'ignored'

/** What changes of a bucket mean. */
export interface Affected {
  /** The source paths that have changed, each with everything below it. */
  readonly paths: readonly string[]
  /** How many changes there were of each verdict. */
  readonly counts: Readonly<Record<Verdict, number>>
}

export interface JudgeOptions {
  readonly store: ObjectStore
  readonly bucket: string
  /** Prefixes that may be read as pictures, as in `createSourceView`. */
  readonly sources: readonly string[]
}

/** What a record says, as far as changes of it and of its files are concerned. */
interface RecordFacts {
  readonly etag: string | undefined
  /** Whether Halftone wrote the record that is there. */
  readonly isOwn: boolean
  /** ETags of records before it, each written by Halftone. */
  readonly before: readonly (string | undefined)[]
  readonly files: readonly { readonly path: string; readonly key: string; readonly etag: string }[]
}

/** The paths of a change that others have made, or why there are none. */
type Judged = readonly string[] | Exclude<Verdict, 'foreign'>

/** Changes that are looked into at once. */
const AT_ONCE = 16

type Reading = RecordFacts | 'absent' | 'unreadable'

/** Tells what changes of the bucket change in the answers: which of them others have made, and which paths those are of. */
export class ChangeJudge {
  readonly #bucket: string
  readonly #pictures: SourceView
  readonly #records: RecordView

  constructor({ store, bucket, sources }: JudgeOptions) {
    this.#bucket = bucket
    this.#pictures = createSourceView(store, sources)
    this.#records = createRecordView(store, sources)
  }

  /** Each record that it needs is read once: a call for each item or user. */
  async judge(changes: readonly BucketChange[], options?: CallOptions): Promise<Affected> {
    const readings = new Map<string, Promise<Reading>>()
    const read = async (owner: LibraryOwner) => {
      const reading = readings.get(owner.path) ?? this.#read(owner, options)
      readings.set(owner.path, reading)
      return reading
    }
    const found: Judged[] = []
    for (let from = 0; from < changes.length; from += AT_ONCE) {
      const slice = changes.slice(from, from + AT_ONCE)
      found.push(...(await Promise.all(slice.map((change) => this.#pathsOf(change, read)))))
    }
    const counts = { foreign: 0, own: 0, ignored: 0 }
    for (const one of found) counts[typeof one === 'string' ? one : 'foreign'] += 1
    return { paths: [...new Set(found.flatMap((one) => (typeof one === 'string' ? [] : one)))], counts }
  }

  async #pathsOf(change: BucketChange, read: (owner: LibraryOwner) => Promise<Reading>): Promise<Judged> {
    const { key } = change
    if (change.bucket !== this.#bucket) return 'ignored'
    const owner = ownerAbove(key)
    if (owner && key === recordKeyOf(owner)) {
      if (!this.#records.allows(key)) return 'ignored'
      return isOwnRecord(change, await read(owner)) ? 'own' : [owner.path]
    }
    if (!this.#pictures.allows(key)) return 'ignored'
    return owner === undefined ? [key] : pathsBelow(change, owner, await read(owner))
  }

  async #read(owner: LibraryOwner, options?: CallOptions): Promise<Reading> {
    const found = await this.#records.get(recordKeyOf(owner), options)
    if (found.outcome !== 'found') return 'absent'
    const { body, etag, metadata } = found.object
    const record = parseRecord(owner, body)
    if (record === undefined) return 'unreadable'
    return {
      etag: bare(etag),
      isOwn: isStamped(metadata),
      before: record.changes?.map(({ over }) => bare(over)) ?? [],
      files: record.files,
    }
  }
}

/**
 * Whether Halftone has written a record so: then it has forgotten what changed, too. It writes records by plain puts
 * alone, and a record remembers the ETags that it had before.
 */
function isOwnRecord({ kind, etag }: BucketChange, reading: Reading): boolean {
  if (kind !== 'put') return false
  // It was removed afterwards, of which there is word too.
  if (reading === 'absent') return true
  if (reading === 'unreadable' || etag === undefined) return false
  return reading.etag === etag ? reading.isOwn : reading.before.includes(etag)
}

/** The paths that a file below an item or a user is answered at. */
function pathsBelow(
  { key, kind, etag }: BucketChange,
  owner: LibraryOwner,
  reading: Reading,
): readonly string[] | 'own' {
  if (reading === 'unreadable') return [owner.path]
  const named = reading === 'absent' ? [] : reading.files.filter((file) => file.key === key)
  // What uploads write is answered only when a record names it: not yet, or no more.
  if (named.length === 0) return libraryOwner(key) ? 'own' : [key]
  const isAsNamed = kind === 'put' || kind === 'created'
  if (isAsNamed && named.every((file) => bare(file.etag) === etag)) return 'own'
  return [...new Set([...named.map(({ path }) => path), key])]
}

const recordKeyOf = (owner: LibraryOwner): string =>
  owner.shape === 'profile' ? profileKey(owner.userId) : albumKey(owner.itemId)

function parseRecord(
  owner: LibraryOwner,
  body: Buffer,
): { changes: AlbumRecord['changes']; files: RecordFacts['files'] } | undefined {
  const value = parseJson(body)
  if (owner.shape === 'profile') {
    const record = profileRecord.safeParse(value).data
    return (
      record && {
        changes: record.changes,
        files: record.photo ? [{ path: owner.path, ...record.photo }] : [],
      }
    )
  }
  const record = albumRecord.safeParse(value).data
  return (
    record && {
      changes: record.changes,
      files: record.photos.map(({ photoId, key, etag }) => ({
        path: itemPhotoPath(owner.itemId, photoId),
        key,
        etag,
      })),
    }
  )
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    // No schema takes it.
    return undefined
  }
}
