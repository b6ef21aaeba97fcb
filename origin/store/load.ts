import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { type BucketSettings, parseSettings } from '../configuration/bucket-settings.ts'
import { loadUploads } from '../uploads/load-uploads.ts'
import type { Upload } from '../uploads/upload-record.ts'
import type { Layout } from './layout.ts'
import { type ObjectRecord, parseRecord, type Piece, piecesOf } from './object-record.ts'

/** A bucket as it was found on the disk. */
export interface LoadedBucket {
  readonly name: string
  readonly settings: BucketSettings
  readonly records: readonly ObjectRecord[]
}

/** Told of everything that was found broken and set aside. */
export type Report = (problem: { readonly what: string; readonly path: string }) => void

/**
 * Reads all records and clears what a crash left: half-written files, and blobs that no record names. Synchronous:
 * nothing else can happen before it is done, and a file takes half the time so.
 */
export function load(layout: Layout, report: Report): Loaded {
  for (const directory of Object.values(layout)) mkdirSync(directory, { recursive: true, mode: 0o700 })
  syncDirectory(layout.root)
  for (const name of readdirSync(layout.temporary)) rmSync(join(layout.temporary, name), { recursive: true })
  const blobs = new Set(readdirSync(layout.blobs))
  const found: Findings = { unnamed: new Set(blobs), completed: new Set(), damaged: 0 }
  const buckets = readdirSync(layout.meta).map((name) => loadBucket(layout, name, blobs, { found, report }))
  const uploads = loadUploads({
    directory: layout.uploads,
    isOpen: ({ id, bucket }) => !found.completed.has(id) && buckets.some(({ name }) => name === bucket),
    problemOf: (part) => pieceProblem(layout, part, blobs),
    setAside: (what, file) => {
      found.damaged += 1
      const path = join(layout.uploads, file)
      setAside(layout, path, `upload-${file}`)
      report({ what, path })
    },
  })
  for (const { parts } of uploads) for (const { blob } of parts.values()) found.unnamed.delete(blob)
  clearUnnamed(layout, found)
  clearSettings(layout, new Set(buckets.map(({ name }) => name)))
  return { buckets, uploads }
}

/** All that was found. */
export interface Loaded {
  readonly buckets: readonly LoadedBucket[]
  readonly uploads: readonly Upload[]
}

interface Findings {
  readonly unnamed: Set<string>
  /** Uploads that an object came of. */
  readonly completed: Set<string>
  damaged: number
}

function loadBucket(
  layout: Layout,
  name: string,
  blobs: ReadonlySet<string>,
  { found, report }: { found: Findings; report: Report },
): LoadedBucket {
  const records: ObjectRecord[] = []
  for (const file of readdirSync(join(layout.meta, name))) {
    const path = join(layout.meta, name, file)
    const record = readRecord(path, file)
    const problem = record === undefined ? 'damaged record' : blobProblem(layout, record, blobs)
    if (record !== undefined && problem === undefined) {
      records.push(record)
      for (const { blob } of piecesOf(record)) found.unnamed.delete(blob)
      if (record.upload !== undefined) found.completed.add(record.upload)
    } else {
      found.damaged += 1
      setAside(layout, path, `${name}-${file}`)
      report({ what: problem ?? 'damaged record', path })
    }
  }
  return { name, settings: readSettings(layout, name, report), records }
}

function readRecord(path: string, file: string): ObjectRecord | undefined {
  try {
    return parseRecord(readFileSync(path, 'utf8'), file)
  } catch {
    return undefined
  }
}

function blobProblem(layout: Layout, record: ObjectRecord, blobs: ReadonlySet<string>): string | undefined {
  for (const piece of piecesOf(record)) {
    const problem = pieceProblem(layout, piece, blobs)
    if (problem !== undefined) return problem
  }
  return undefined
}

function pieceProblem(
  layout: Layout,
  { blob, bytes }: Piece,
  blobs: ReadonlySet<string>,
): string | undefined {
  if (!blobs.has(blob)) return 'record without its blob'
  return statSync(join(layout.blobs, blob)).size === bytes ? undefined : 'blob of another length'
}

/** A damaged record may have named any of them: then nothing is thrown away. */
function clearUnnamed(layout: Layout, found: Findings): void {
  for (const blob of found.unnamed) {
    if (found.damaged > 0) setAside(layout, join(layout.blobs, blob), `blob-${blob}`)
    else rmSync(join(layout.blobs, blob), { recursive: true })
  }
}

/** Finishes what a crash between the two steps of making or deleting a bucket left. */
function clearSettings(layout: Layout, buckets: ReadonlySet<string>): void {
  for (const name of readdirSync(layout.buckets)) {
    if (!buckets.has(name)) rmSync(join(layout.buckets, name), { recursive: true })
  }
}

/** No bucket is lost for want of its settings: without them it is as it was made, and shows nothing to anyone. */
function readSettings(layout: Layout, name: string, report: Report): BucketSettings {
  const path = join(layout.buckets, name)
  try {
    return parseSettings(readFileSync(path, 'utf8'), name)
  } catch {
    const isThere = existsSync(path)
    if (isThere) setAside(layout, path, `settings-${name}`)
    report({ what: isThere ? 'damaged settings of a bucket' : 'bucket without settings', path })
  }
  return { createdAt: Math.floor(statSync(join(layout.meta, name)).birthtimeMs) }
}

function setAside(layout: Layout, path: string, name: string): void {
  renameSync(path, join(layout.damaged, `${name}-${Date.now()}`))
}

function syncDirectory(path: string): void {
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}
