import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { opendir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createChecksum } from '../body/checksum-algorithms.ts'
import { hasCode } from '../store/files.ts'
import type { Layout } from '../store/layout.ts'
import { type ObjectRecord, parseRecord } from '../store/object-record.ts'

/** One thing that is not as it should be. */
export interface Finding {
  readonly msg: 'damaged' | 'missing' | 'orphaned'
  readonly path: string
  readonly bucket?: string
  readonly key?: string
  readonly reason: string
}

/** What was looked at, and how often something was not as it should be. */
export interface Summary {
  readonly objects: number
  readonly bytes: number
  readonly damaged: number
  readonly missing: number
  readonly orphaned: number
}

type Report = (finding: Finding) => void

const READ_BYTES = 1024 * 1024

/**
 * Reads every record and every byte of every object, and tells of all that is damaged, missing or named by nothing.
 * Changes nothing. Nobody may write to the directory meanwhile.
 */
export async function checkStore(layout: Layout, report: Report): Promise<Summary> {
  const counts = { objects: 0, bytes: 0, damaged: 0, missing: 0, orphaned: 0 }
  const tell: Report = (finding) => {
    counts[finding.msg] += 1
    report(finding)
  }
  const blobs = new Set(await namesIn(layout.blobs))
  const unnamed = new Set(blobs)
  for await (const found of records(layout, tell)) {
    counts.objects += 1
    counts.bytes += found.record.bytes
    await checkObject(layout, found, { blobs, unnamed, tell })
  }
  for (const blob of unnamed) {
    tell({ msg: 'orphaned', path: join(layout.blobs, blob), reason: 'no record names it' })
  }
  await checkRest(layout, tell)
  return counts
}

interface FoundRecord {
  readonly bucket: string
  readonly record: ObjectRecord
}

async function* records(layout: Layout, tell: Report): AsyncGenerator<FoundRecord, void> {
  for (const bucket of await namesIn(layout.meta)) {
    const directory = join(layout.meta, bucket)
    for await (const { name } of await opendir(directory)) {
      const path = join(directory, name)
      const record = await readRecord(path, name)
      if (record) yield { bucket, record }
      else tell({ msg: 'damaged', path, bucket, reason: 'the record cannot be read' })
    }
  }
}

async function readRecord(path: string, name: string): Promise<ObjectRecord | undefined> {
  try {
    return parseRecord(await readFile(path, 'utf8'), name)
  } catch {
    // Whatever it is, there is no record to be had from it: that is what the caller reports.
    return undefined
  }
}

interface Blobs {
  readonly blobs: ReadonlySet<string>
  readonly unnamed: Set<string>
  readonly tell: Report
}

async function checkObject(
  layout: Layout,
  { bucket, record }: FoundRecord,
  { blobs, unnamed, tell }: Blobs,
): Promise<void> {
  const path = join(layout.blobs, record.blob)
  const about = { path, bucket, key: record.key }
  if (!blobs.has(record.blob)) return tell({ msg: 'missing', ...about, reason: 'the record names it' })
  if (!unnamed.delete(record.blob)) {
    return tell({ msg: 'damaged', ...about, reason: 'another record names the same file' })
  }
  const reason = await contentProblem(path, record)
  if (reason !== undefined) tell({ msg: 'damaged', ...about, reason })
}

/** What is wrong with an object's bytes, in words; `undefined` when they are the ones that were stored. */
async function contentProblem(path: string, record: ObjectRecord): Promise<string | undefined> {
  const { checksum } = record
  const md5 = createHash('md5')
  const digest = checksum && createChecksum(checksum.name)
  let bytes = 0
  try {
    for await (const piece of createReadStream(path, { highWaterMark: READ_BYTES })) {
      bytes += piece.length
      md5.update(piece)
      digest?.update(piece)
    }
  } catch (error) {
    return `it cannot be read: ${error instanceof Error ? error.message : String(error)}`
  }
  if (bytes !== record.bytes) return `it has ${bytes} bytes and not ${record.bytes}`
  if (digest?.digest().toString('base64') !== checksum?.value) {
    return `its ${checksum?.name.toUpperCase()} is not ${checksum?.value}`
  }
  return md5.digest('hex') === record.etag ? undefined : `its MD5 is not the ETag ${record.etag}`
}

/** What a crash may leave; the next start clears it. */
async function checkRest(layout: Layout, tell: Report): Promise<void> {
  for (const name of await namesIn(layout.temporary)) {
    tell({ msg: 'orphaned', path: join(layout.temporary, name), reason: 'it was never finished' })
  }
  const buckets = new Set(await namesIn(layout.meta))
  const settings = new Set(await namesIn(layout.buckets))
  for (const name of settings) {
    const path = join(layout.buckets, name)
    if (!buckets.has(name)) tell({ msg: 'orphaned', path, reason: 'there is no such bucket' })
  }
  for (const name of buckets) {
    const path = join(layout.buckets, name)
    if (!settings.has(name)) tell({ msg: 'missing', path, bucket: name, reason: 'the bucket’s own record' })
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}
