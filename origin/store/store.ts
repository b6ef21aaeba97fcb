import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import {
  type BucketConfiguration,
  type BucketSettings,
  formatSettings,
} from '../configuration/bucket-settings.ts'
import { S3Error } from '../s3-error.ts'
import { Uploads } from '../uploads/uploads.ts'
import { Blobs } from './blobs.ts'
import { Bucket, noSuchBucket } from './bucket.ts'
import { DirectorySync } from './directory-sync.ts'
import { type Files, hasCode, removeFile, writeDurably } from './files.ts'
import { KeyLock } from './key-lock.ts'
import type { Layout } from './layout.ts'
import type { Loaded, LoadedBucket } from './load.ts'
import { OrderedIndex } from './ordered-index.ts'
import { Records } from './records.ts'

export interface StoreParts {
  readonly files: Files
  readonly layout: Layout
  readonly now: () => number
  /** What every part of an upload but the last must have. */
  readonly minPartBytes: number
}

/** All buckets, the blobs that they share, and the uploads that are to become objects. */
export class Store {
  readonly blobs: Blobs
  readonly uploads: Uploads
  readonly #parts: StoreParts
  readonly #buckets = new Map<string, Bucket>()
  readonly #locks = new KeyLock()
  readonly #settingsNames: DirectorySync

  constructor(parts: StoreParts, loaded: Loaded) {
    this.#parts = parts
    this.blobs = new Blobs(parts.files, parts.layout.blobs)
    this.#settingsNames = new DirectorySync(parts.files, parts.layout.buckets)
    const { files, layout, now, minPartBytes } = parts
    const records = new Records(files, layout.uploads, layout.temporary)
    this.uploads = new Uploads({ records, blobs: this.blobs, now, minPartBytes }, loaded.uploads)
    for (const bucket of loaded.buckets) this.#add(bucket)
  }

  /** Throws `NoSuchBucket`. */
  getBucket(name: string): Bucket {
    const bucket = this.#buckets.get(name)
    if (bucket === undefined) throw noSuchBucket(name)
    return bucket
  }

  /** The bucket of that name; `undefined` when there is none. */
  findBucket(name: string): Bucket | undefined {
    return this.#buckets.get(name)
  }

  /** Every bucket, by name. */
  listBuckets(): Bucket[] {
    return [...this.#buckets.values()].toSorted((one, other) => (one.name < other.name ? -1 : 1))
  }

  /** Makes a bucket; `false` when there is one of that name. */
  async createBucket(name: string): Promise<boolean> {
    checkBucketName(name)
    return this.#locks.run(name, async () => {
      if (this.#buckets.has(name)) return false
      const settings = { createdAt: this.#parts.now() }
      await this.#saveSettings(name, settings)
      await this.#settingsNames.sync()
      await this.#makeDirectory(join(this.#parts.layout.meta, name))
      this.#add({ name, settings, records: [] })
      return true
    })
  }

  /** Replaces the named parts of a bucket's configuration, on the disk before it returns; throws `NoSuchBucket`. */
  async configure(name: string, change: BucketConfiguration): Promise<void> {
    await this.#locks.run(name, async () => {
      const bucket = this.getBucket(name)
      const settings = { ...bucket.settings, ...change }
      await this.#saveSettings(name, settings)
      bucket.settings = settings
      await this.#settingsNames.sync()
    })
  }

  /** Throws `NoSuchBucket` or `BucketNotEmpty`. */
  async deleteBucket(name: string): Promise<void> {
    const { files, layout } = this.#parts
    await this.#locks.run(name, async () => {
      if (!(await this.getBucket(name).remove())) {
        throw new S3Error('BucketNotEmpty', 'The bucket you tried to delete is not empty', {
          BucketName: name,
        })
      }
      this.#buckets.delete(name)
      await new DirectorySync(files, layout.meta).sync()
      await removeFile(files, join(layout.buckets, name))
      await this.uploads.abortAll(name)
    })
  }

  /** The rename is the commit; its directory is still to be synced. */
  async #saveSettings(name: string, settings: BucketSettings): Promise<void> {
    const { files, layout } = this.#parts
    const draft = join(layout.temporary, randomBytes(16).toString('hex'))
    try {
      await writeDurably(files, draft, formatSettings(settings))
      await files.rename(draft, join(layout.buckets, name))
    } catch (error) {
      await removeFile(files, draft)
      throw error
    }
  }

  async #makeDirectory(path: string): Promise<void> {
    const { files, layout } = this.#parts
    try {
      await files.mkdir(path, { mode: 0o700 })
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error
    }
    await new DirectorySync(files, layout.meta).sync()
  }

  #add({ name, settings, records }: LoadedBucket): void {
    const { files, layout, now } = this.#parts
    const bucket = new Bucket({
      name,
      settings,
      index: new OrderedIndex(records),
      records: new Records(files, join(layout.meta, name), layout.temporary),
      blobs: this.blobs,
      now,
    })
    this.#buckets.set(name, bucket)
  }
}

/** Whether a text can be a bucket's name: S3's rules, which also keep it harmless as the name of a directory. */
export function isBucketName(name: string): boolean {
  return (
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !name.includes('..') &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(name)
  )
}

function checkBucketName(name: string): void {
  if (!isBucketName(name))
    throw new S3Error('InvalidBucketName', 'The specified bucket is not valid.', { BucketName: name })
}
