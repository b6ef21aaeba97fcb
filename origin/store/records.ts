import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { DirectorySync } from './directory-sync.ts'
import { type Files, hasCode, removeFile, writeDurably } from './files.ts'
import { type ObjectRecord, recordName, seal } from './object-record.ts'

/** What has become of a change of a record: nothing, or it is made but perhaps not yet safe from a power cut. */
export type Progress = { made: boolean }

/** The records of one directory: of a bucket, a file a key. */
export class Records {
  readonly #files: Files
  readonly #directory: string
  readonly #temporary: string
  readonly #names: DirectorySync

  constructor(files: Files, directory: string, temporary: string) {
    this.#files = files
    this.#directory = directory
    this.#temporary = temporary
    this.#names = new DirectorySync(files, directory)
  }

  /** Replaces a record: the rename is the commit, and it is on the disk when this returns. */
  async save(record: ObjectRecord, progress: Progress): Promise<void> {
    await this.saveAs(recordName(record.key), record, progress)
  }

  /** The same for a record whose file's name is not that of a key. */
  async saveAs(name: string, record: object, progress: Progress): Promise<void> {
    const draft = join(this.#temporary, randomBytes(16).toString('hex'))
    try {
      await writeDurably(this.#files, draft, seal(JSON.stringify(record)))
      await this.#files.rename(draft, join(this.#directory, name))
      progress.made = true
    } catch (error) {
      await removeFile(this.#files, draft)
      throw error
    }
    await this.#names.sync()
  }

  /** Removes a record; that is on the disk when this returns. */
  async remove(key: string, progress: Progress): Promise<void> {
    await this.removeAs([recordName(key)], progress)
  }

  /** Removes records by their files' names, one after the other; `made` as soon as the first is. */
  async removeAs(names: readonly string[], progress: Progress): Promise<void> {
    for (const name of names) {
      await removeFile(this.#files, join(this.#directory, name))
      progress.made = true
    }
    await this.#names.sync()
  }

  /** Resolves when all that was changed before is on the disk. */
  async sync(): Promise<void> {
    await this.#names.sync()
  }

  /** Removes the directory itself; `false` when records are in it. */
  async removeDirectory(): Promise<boolean> {
    try {
      await this.#files.rmdir(this.#directory)
      return true
    } catch (error) {
      if (hasCode(error, 'ENOTEMPTY')) return false
      throw error
    }
  }
}
