import type { BucketSettings } from '../configuration/bucket-settings.ts'
import { S3Error } from '../s3-error.ts'
import type { Blobs } from './blobs.ts'
import { KeyLock } from './key-lock.ts'
import type { ObjectRecord } from './object-record.ts'
import type { OrderedIndex } from './ordered-index.ts'
import type { Progress, Records } from './records.ts'

/** Says by throwing that a write may not take place, given what is stored now (`undefined`: nothing). */
export type Guard = (current: ObjectRecord | undefined) => void

export interface BucketParts {
  readonly name: string
  readonly settings: BucketSettings
  readonly index: OrderedIndex<ObjectRecord>
  readonly records: Records
  readonly blobs: Blobs
  readonly now: () => number
}

/** One bucket: its index in memory and its records on the disk, changed together, one write a key at a time. */
export class Bucket {
  readonly #parts: BucketParts
  readonly #locks = new KeyLock()
  #writers = 0
  #removed = false

  /** What is known of the bucket itself; the store replaces it when it has stored it. */
  settings: BucketSettings

  constructor(parts: BucketParts) {
    this.#parts = parts
    this.settings = parts.settings
  }

  get name(): string {
    return this.#parts.name
  }

  get createdAt(): number {
    return this.settings.createdAt
  }

  get index(): Pick<OrderedIndex<ObjectRecord>, 'scan' | 'size'> {
    return this.#parts.index
  }

  find(key: string): ObjectRecord | undefined {
    return this.#parts.index.find(key)
  }

  /** Makes a written blob the object's new body; the blob belongs to this call, and is removed if it fails. */
  async put(draft: Omit<ObjectRecord, 'lastModified'>, guard: Guard): Promise<ObjectRecord> {
    const { index, records, blobs, now } = this.#parts
    try {
      return await this.#write(draft.key, guard, async (current, progress) => {
        const record = { ...draft, lastModified: Math.floor(now() / 1000) * 1000 }
        try {
          await records.save(record, progress)
        } finally {
          if (progress.made) index.set(record)
        }
        if (current) await blobs.remove(current.blob)
        return record
      })
    } catch (error) {
      // After a rename whose directory could not be synced the record names the blob: then it must stay.
      if (index.find(draft.key)?.blob !== draft.blob) await blobs.remove(draft.blob)
      throw error
    }
  }

  /** Replaces what is known of an object whose bytes stay; `change` throws when there is nothing to change. */
  async amend(key: string, change: (current: ObjectRecord | undefined) => ObjectRecord): Promise<void> {
    const { index, records } = this.#parts
    await this.#write(key, noGuard, async (current, progress) => {
      const record = change(current)
      try {
        await records.save(record, progress)
      } finally {
        if (progress.made) index.set(record)
      }
    })
  }

  /** Removes an object; one that is not there counts as removed. */
  async delete(key: string, guard: Guard): Promise<void> {
    const { index, records, blobs } = this.#parts
    await this.#write(key, guard, async (current, progress) => {
      if (current === undefined) return
      try {
        await records.remove(key, progress)
      } finally {
        if (progress.made) index.delete(key)
      }
      await blobs.remove(current.blob)
    })
  }

  /** Ends the bucket; `false` when there is an object in it, or one about to be. */
  async remove(): Promise<boolean> {
    if (this.#removed) throw noSuchBucket(this.name)
    if (this.#writers > 0 || this.#parts.index.size > 0) return false
    this.#removed = true
    this.#removed = await this.#parts.records.removeDirectory()
    return this.#removed
  }

  async #write<Result>(
    key: string,
    guard: Guard,
    change: (current: ObjectRecord | undefined, progress: Progress) => Promise<Result>,
  ): Promise<Result> {
    if (this.#removed) throw noSuchBucket(this.name)
    this.#writers += 1
    try {
      return await this.#locks.run(key, async () => {
        const current = this.find(key)
        guard(current)
        return change(current, { made: false })
      })
    } finally {
      this.#writers -= 1
    }
  }
}

/** For a change that itself refuses what it cannot change. */
function noGuard(): void {}

/** The refusal of a request to a bucket that is not there. */
export function noSuchBucket(name: string): S3Error {
  return new S3Error('NoSuchBucket', 'The specified bucket does not exist', { BucketName: name })
}
