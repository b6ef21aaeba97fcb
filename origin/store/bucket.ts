import type { BucketSettings } from '../configuration/bucket-settings.ts'
import { S3Error } from '../s3-error.ts'
import type { Blobs } from './blobs.ts'
import { KeyLock } from './key-lock.ts'
import { blobsOf, type ObjectRecord } from './object-record.ts'
import type { OrderedIndex } from './ordered-index.ts'
import type { Progress, Records } from './records.ts'

/** Says by throwing that a write may not take place, given what is stored now (`undefined`: nothing). */
export type Guard = (current: ObjectRecord | undefined) => void

/** An object that is about to be stored. */
export type Draft = Omit<ObjectRecord, 'lastModified'>

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

  get isRemoved(): boolean {
    return this.#removed
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

  /** Makes written blobs the object's new body; they belong to this call, and are removed if it fails. */
  async put(draft: Draft, guard: Guard): Promise<ObjectRecord> {
    const { index, blobs } = this.#parts
    try {
      return await this.replace(draft, guard)
    } catch (error) {
      // After a rename whose directory could not be synced the record names the blobs: then they must stay.
      const current = index.find(draft.key)
      if (current === undefined || blobsOf(current)[0] !== blobsOf(draft)[0])
        await blobs.remove(...blobsOf(draft))
      throw error
    }
  }

  /**
   * The same with blobs that stay the caller's when it fails before the index names them. `settle` runs when the record
   * is on the disk, and before anyone else can change the object.
   */
  async replace(draft: Draft, guard: Guard, settle?: () => Promise<void>): Promise<ObjectRecord> {
    const { index, records, blobs, now } = this.#parts
    return this.#write(draft.key, guard, async (current, progress) => {
      const record = { ...draft, lastModified: Math.floor(now() / 1000) * 1000 }
      try {
        await records.save(record, progress)
      } finally {
        if (progress.made) index.set(record)
      }
      await settle?.()
      if (current) await blobs.remove(...blobsOf(current))
      return record
    })
  }

  /** Brings to the disk what a write that failed at its last step may have left visible. */
  async sync(): Promise<void> {
    await this.#parts.records.sync()
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
      await blobs.remove(...blobsOf(current))
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
