import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { DirectorySync } from './directory-sync.ts'
import { type Files, hasCode, removeFile, writeDurably } from './files.ts'
import { formatRecord, type ObjectRecord, recordName } from './object-record.ts'

/** What has become of a change of a record: nothing, or it is made but perhaps not yet safe from a power cut. */
export type Progress = { made: boolean }

/** The records of one bucket on the disk: a file a key. */
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
    const draft = join(this.#temporary, randomBytes(16).toString('hex'))
    try {
      await writeDurably(this.#files, draft, formatRecord(record))
      await this.#files.rename(draft, this.#path(record.key))
      progress.made = true
    } catch (error) {
      await removeFile(this.#files, draft)
      throw error
    }
    await this.#names.sync()
  }

  /** Removes a record; that is on the disk when this returns. */
  async remove(key: string, progress: Progress): Promise<void> {
    await removeFile(this.#files, this.#path(key))
    progress.made = true
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

  #path(key: string): string {
    return join(this.#directory, recordName(key))
  }
}
