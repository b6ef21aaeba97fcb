import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { opendir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Checksum, createChecksum } from '../body/checksum-algorithms.ts'
import { hasCode } from '../store/files.ts'
import type { Layout } from '../store/layout.ts'
import { blobsOf, type ObjectPart, type ObjectRecord, parseRecord } from '../store/object-record.ts'
import { parsePart, parseUpload } from '../uploads/upload-record.ts'

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
  await checkUploads(layout, { blobs, unnamed, tell })
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
      const record = await readSealed(path, name, parseRecord)
      if (record) yield { bucket, record }
      else tell({ msg: 'damaged', path, bucket, reason: 'the record cannot be read' })
    }
  }
}

async function readSealed<Parsed>(
  path: string,
  name: string,
  parse: (text: string, name: string) => Parsed | undefined,
): Promise<Parsed | undefined> {
  try {
    return parse(await readFile(path, 'utf8'), name)
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

async function checkObject(layout: Layout, { bucket, record }: FoundRecord, on: Blobs): Promise<void> {
  const { checksum } = record
  const { key } = record
  // A file by itself is proved by its own; a composite checksum is one of its parts' checksums, each of which is.
  const ofParts = record.parts === undefined || checksum?.type === 'COMPOSITE'
  const whole = checksum && !ofParts ? createChecksum(checksum.name) : undefined
  let isRead = true
  for (const part of partsOf(record)) {
    const path = join(layout.blobs, part.blob)
    isRead = (await checkBlob({ path, bucket, key }, part, { ...on, whole })) && isRead
  }
  if (!isRead || whole === undefined) return
  if (whole.digest().toString('base64') !== checksum?.value) {
    const reason = `its ${checksum?.name.toUpperCase()} is not ${checksum?.value}`
    on.tell({ msg: 'damaged', path: join(layout.blobs, blobsOf(record)[0] ?? ''), bucket, key, reason })
  }
}

/** What proves each file of an object: of one that was uploaded in parts every part by itself. */
function partsOf(record: ObjectRecord): readonly Omit<ObjectPart, 'number'>[] {
  const { parts, blob = '', bytes, etag, checksum } = record
  return parts ?? [{ blob, bytes, etag, ...(checksum && { checksum }) }]
}

/** Whether a file is there and has been read as it should be; tells if not. */
async function checkBlob(
  about: Pick<Finding, 'path' | 'bucket' | 'key'>,
  part: Omit<ObjectPart, 'number'>,
  { blobs, unnamed, tell, whole }: Blobs & { readonly whole: Checksum | undefined },
): Promise<boolean> {
  if (!blobs.has(part.blob)) {
    tell({ msg: 'missing', ...about, reason: 'the record names it' })
    return false
  }
  if (!unnamed.delete(part.blob)) {
    tell({ msg: 'damaged', ...about, reason: 'another record names the same file' })
    return false
  }
  const reason = await contentProblem(about.path, part, whole)
  if (reason !== undefined) tell({ msg: 'damaged', ...about, reason })
  return reason === undefined
}

/** What is wrong with a file's bytes, in words; `undefined` when they are the ones that were stored. */
async function contentProblem(
  path: string,
  part: Omit<ObjectPart, 'number'>,
  whole: Checksum | undefined,
): Promise<string | undefined> {
  const { checksum } = part
  const md5 = createHash('md5')
  const digest = checksum && createChecksum(checksum.name)
  let bytes = 0
  try {
    for await (const piece of createReadStream(path, { highWaterMark: READ_BYTES })) {
      bytes += piece.length
      for (const each of [md5, digest, whole]) each?.update(piece)
    }
  } catch (error) {
    return `it cannot be read: ${error instanceof Error ? error.message : String(error)}`
  }
  if (bytes !== part.bytes) return `it has ${bytes} bytes and not ${part.bytes}`
  if (digest?.digest().toString('base64') !== checksum?.value) {
    return `its ${checksum?.name.toUpperCase()} is not ${checksum?.value}`
  }
  return md5.digest('hex') === part.etag ? undefined : `its MD5 is not the ETag ${part.etag}`
}

/** Parts of uploads under way are named by their own files. */
async function checkUploads(layout: Layout, on: Blobs): Promise<void> {
  for (const name of await namesIn(layout.uploads)) {
    const path = join(layout.uploads, name)
    const unreadable = { msg: 'damaged', path, reason: 'the record of an upload cannot be read' } as const
    if (!name.includes('.')) {
      if ((await readSealed(path, name, parseUpload)) === undefined) on.tell(unreadable)
      continue
    }
    const part = await readSealed(path, name, parsePart)
    if (part === undefined) on.tell(unreadable)
    else await checkBlob({ path: join(layout.blobs, part.blob) }, part, { ...on, whole: undefined })
  }
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
