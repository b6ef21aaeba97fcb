import { randomBytes } from 'node:crypto'
import { S3Error } from '../s3-error.ts'
import type { Blobs } from '../store/blobs.ts'
import { type Bucket, type Draft, type Guard, noSuchBucket } from '../store/bucket.ts'
import { KeyLock } from '../store/key-lock.ts'
import { blobsOf, type ObjectRecord } from '../store/object-record.ts'
import type { Progress, Records } from '../store/records.ts'
import { type PartRecord, type Upload, uploadFileName, type UploadRecord } from './upload-record.ts'

export interface UploadsParts {
  readonly records: Records
  readonly blobs: Blobs
  readonly now: () => number
  /** What every part but the last must have. */
  readonly minPartBytes: number
}

/** How an upload is named in a request. */
export interface UploadName {
  readonly bucket: string
  readonly key: string
  readonly id: string
}

/** What is to become of an upload: its object, if the guard lets it in. */
export interface Completion {
  readonly compose: (upload: Upload) => Draft
  readonly guard: Guard
}

interface OpenUpload extends UploadRecord {
  readonly parts: Map<number, PartRecord>
}

/** The uploads that are neither completed nor aborted; what changes one of them waits for what else changes it. */
export class Uploads {
  readonly minPartBytes: number
  readonly #parts: UploadsParts
  readonly #open = new Map<string, OpenUpload>()
  /** Of which an object may have come, while their files are still there. */
  readonly #unfinished = new Map<string, Upload>()
  readonly #locks = new KeyLock()

  constructor(parts: UploadsParts, loaded: readonly Upload[]) {
    this.#parts = parts
    this.minPartBytes = parts.minPartBytes
    for (const upload of loaded) this.#open.set(upload.id, { ...upload, parts: new Map(upload.parts) })
  }

  /** Begins an upload; it survives a restart. */
  async begin(bucket: Bucket, draft: Omit<UploadRecord, 'id' | 'bucket' | 'initiatedAt'>): Promise<Upload> {
    const initiatedAt = this.#parts.now()
    const id = initiatedAt.toString(16).padStart(12, '0') + randomBytes(16).toString('hex')
    const record: UploadRecord = { ...draft, id, bucket: bucket.name, initiatedAt }
    await this.#parts.records.saveAs(uploadFileName(id), record, { made: false })
    const upload = { ...record, parts: new Map<number, PartRecord>() }
    if (bucket.isRemoved) {
      await this.#remove(upload, { made: false })
      throw noSuchBucket(bucket.name)
    }
    this.#open.set(id, upload)
    return upload
  }

  /** Throws `NoSuchUpload`, also when the upload is of another key. */
  get(name: UploadName): Upload {
    return this.#get(name)
  }

  /** The uploads to a bucket, in no order. */
  list(bucket: string): Upload[] {
    return [...this.#open.values()].filter((upload) => upload.bucket === bucket)
  }

  /** Adds a part, or replaces the one of its number; the blob belongs to this call, and is removed if it fails. */
  async putPart(name: UploadName, draft: Omit<PartRecord, 'upload' | 'lastModified'>): Promise<PartRecord> {
    const { records, blobs, now } = this.#parts
    const progress = { made: false }
    try {
      return await this.#locks.run(name.id, async () => {
        const upload = this.#get(name)
        const part = { ...draft, upload: name.id, lastModified: Math.floor(now() / 1000) * 1000 }
        const replaced = upload.parts.get(part.number)
        try {
          await records.saveAs(uploadFileName(name.id, part.number), part, progress)
        } finally {
          if (progress.made) upload.parts.set(part.number, part)
        }
        if (replaced) await blobs.remove(replaced.blob)
        return part
      })
    } catch (error) {
      // A part whose record is in its place names the blob, even if the directory could not be synced.
      if (!progress.made) await blobs.remove(draft.blob)
      throw error
    }
  }

  /**
   * Makes an object of an upload: the object's record takes the parts over, and its rename is the commit. An upload that
   * was completed before is answered with the object that came of it, as long as that is there.
   */
  async complete(name: UploadName, bucket: Bucket, { compose, guard }: Completion): Promise<ObjectRecord> {
    return this.#locks.run(name.id, async () => {
      const made = bucket.find(name.key)
      if (made?.upload === name.id) {
        await this.#finish(bucket, made)
        return made
      }
      const upload = this.#get(name)
      const draft = { ...compose(upload), upload: name.id }
      this.#unfinished.set(name.id, upload)
      try {
        return await bucket.replace(draft, guard, () => this.#clear(upload, draft))
      } finally {
        // Even when a sync failed after the rename: the object names the blobs now, so nobody may abort them away.
        if (bucket.find(name.key)?.upload === name.id) this.#open.delete(name.id)
        else this.#unfinished.delete(name.id)
      }
    })
  }

  /** Ends an upload and frees its parts; throws `NoSuchUpload`. */
  async abort(name: UploadName): Promise<void> {
    await this.#locks.run(name.id, async () => {
      await this.#end(this.#get(name))
    })
  }

  /** Ends every upload to a bucket that is no more. */
  async abortAll(bucket: string): Promise<void> {
    for (const upload of this.list(bucket)) {
      await this.#locks.run(upload.id, async () => {
        if (this.#open.has(upload.id)) await this.#end(upload)
      })
    }
  }

  /** Does what a completion that failed at its last steps left to do. */
  async #finish(bucket: Bucket, made: ObjectRecord): Promise<void> {
    await bucket.sync()
    const upload = this.#unfinished.get(made.upload ?? '')
    if (upload) await this.#clear(upload, made)
  }

  /** Removes all of an upload but what its object is made of. */
  async #clear(upload: Upload, object: Draft): Promise<void> {
    await this.#remove(upload, { made: false }, new Set(blobsOf(object)))
    this.#unfinished.delete(upload.id)
  }

  async #end(upload: Upload): Promise<void> {
    const progress = { made: false }
    try {
      await this.#remove(upload, progress)
    } finally {
      if (progress.made) this.#open.delete(upload.id)
    }
  }

  /** The upload's own file goes first, and for good: a start removes parts without one. */
  async #remove(upload: Upload, progress: Progress, kept: ReadonlySet<string> = new Set()): Promise<void> {
    const { records, blobs } = this.#parts
    const parts = [...upload.parts.values()]
    await records.removeAs([uploadFileName(upload.id)], progress)
    await records.removeAs(
      parts.map(({ number }) => uploadFileName(upload.id, number)),
      progress,
    )
    await blobs.remove(...parts.map(({ blob }) => blob).filter((blob) => !kept.has(blob)))
  }

  #get(name: UploadName): OpenUpload {
    const upload = this.#open.get(name.id)
    if (upload?.bucket === name.bucket && upload.key === name.key) return upload
    throw noSuchUpload(name.id)
  }
}

function noSuchUpload(id: string): S3Error {
  return new S3Error(
    'NoSuchUpload',
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
    { UploadId: id },
  )
}
