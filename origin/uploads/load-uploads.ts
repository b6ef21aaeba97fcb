import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Piece } from '../store/object-record.ts'
import { parsePart, parseUpload, type PartRecord, type Upload, type UploadRecord } from './upload-record.ts'

export interface UploadsOnDisk {
  readonly directory: string
  /** Whether an upload may still go on: its bucket is there, and no object has come of it. */
  readonly isOpen: (upload: UploadRecord) => boolean
  /** What is wrong with the blob of a part. */
  readonly problemOf: (part: Piece) => string | undefined
  /** Takes a broken file away. */
  readonly setAside: (what: string, file: string) => void
}

/** Reads the uploads that were under way, and finishes what a crash left of completed and aborted ones. */
export function loadUploads(disk: UploadsOnDisk): Upload[] {
  const files = readdirSync(disk.directory)
  const uploads = new Map<string, UploadRecord & { parts: Map<number, PartRecord> }>()
  for (const file of files.filter((name) => !name.includes('.'))) {
    const upload = parseFile(disk, file, parseUpload)
    if (upload === undefined) disk.setAside('damaged upload', file)
    else if (disk.isOpen(upload)) uploads.set(upload.id, { ...upload, parts: new Map() })
    else rmSync(join(disk.directory, file))
  }
  for (const file of files.filter((name) => name.includes('.'))) loadPart(disk, file, uploads)
  return [...uploads.values()]
}

function loadPart(
  disk: UploadsOnDisk,
  file: string,
  uploads: ReadonlyMap<string, { readonly parts: Map<number, PartRecord> }>,
): void {
  const upload = uploads.get(file.slice(0, file.indexOf('.')))
  if (upload === undefined) {
    rmSync(join(disk.directory, file), { recursive: true })
    return
  }
  const part = parseFile(disk, file, parsePart)
  const problem = part === undefined ? 'damaged part' : disk.problemOf(part)
  if (part === undefined || problem !== undefined) disk.setAside(problem ?? 'damaged part', file)
  else upload.parts.set(part.number, part)
}

function parseFile<Parsed>(
  { directory }: UploadsOnDisk,
  file: string,
  parse: (text: string, name: string) => Parsed | undefined,
): Parsed | undefined {
  try {
    return parse(readFileSync(join(directory, file), 'utf8'), file)
  } catch {
    // Whatever it is, it is no record; the caller sets it aside and says so.
    return undefined
  }
}
