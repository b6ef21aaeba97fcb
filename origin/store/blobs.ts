import { randomBytes } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { DirectorySync } from './directory-sync.ts'
import { type Files, hasCode, removeFile, useFile } from './files.ts'

/** Pieces are gathered up to this before they are written: a socket hands out 64 KiB at most. */
const WRITE_BYTES = 1024 * 1024

/** The bodies of objects: files that are written once, never changed, and removed when no record names them. */
export class Blobs {
  readonly #files: Files
  readonly #directory: string
  readonly #names: DirectorySync

  constructor(files: Files, directory: string) {
    this.#files = files
    this.#directory = directory
    this.#names = new DirectorySync(files, directory)
  }

  /** Writes a blob that `fill` supplies; it is on the disk when this returns, and gone when it throws. */
  async write<Filled>(
    fill: (sink: (piece: Buffer) => Promise<void>) => Promise<Filled>,
  ): Promise<{ blob: string; filled: Filled }> {
    const blob = newName()
    try {
      const filled = await useFile(this.#files, this.#path(blob), 'wx', async (file) => {
        const result = await fillFile(file, fill)
        await Promise.all([file.sync(), this.#names.sync()])
        return result
      })
      return { blob, filled }
    } catch (error) {
      await this.remove(blob)
      throw error
    }
  }

  /** A second name for the same bytes; `undefined` when the blob has just been removed. */
  async duplicate(blob: string): Promise<string | undefined> {
    const copy = newName()
    try {
      await this.#linkOrCopy(this.#path(blob), this.#path(copy))
      await this.#names.sync()
      return copy
    } catch (error) {
      await this.remove(copy)
      if (hasCode(error, 'ENOENT')) return undefined
      throw error
    }
  }

  /** Opens a blob for reading; `undefined` when it has just been removed. Who opens it closes it. */
  async open(blob: string): Promise<FileHandle | undefined> {
    try {
      return await this.#files.open(this.#path(blob), 'r')
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined
      throw error
    }
  }

  /** Removes a blob; who reads it at the moment reads it to its end. */
  async remove(blob: string): Promise<void> {
    await removeFile(this.#files, this.#path(blob))
  }

  async #linkOrCopy(from: string, to: string): Promise<void> {
    try {
      await this.#files.link(from, to)
    } catch (error) {
      if (hasCode(error, 'ENOENT')) throw error
      // Some file systems know no links, all have a greatest number of them.
      await this.#files.copyFile(from, to)
      await useFile(this.#files, to, 'r', (file) => file.sync())
    }
  }

  #path(blob: string): string {
    return join(this.#directory, blob)
  }
}

function newName(): string {
  return randomBytes(16).toString('hex')
}

async function fillFile<Filled>(
  file: FileHandle,
  fill: (sink: (piece: Buffer) => Promise<void>) => Promise<Filled>,
): Promise<Filled> {
  let waiting: Buffer[] = []
  let bytes = 0
  const flush = async (): Promise<void> => {
    const [only] = waiting
    const batch = waiting.length === 1 && only ? only : Buffer.concat(waiting)
    waiting = []
    bytes = 0
    await file.appendFile(batch)
  }
  const result = await fill(async (piece) => {
    waiting.push(piece)
    bytes += piece.length
    if (bytes >= WRITE_BYTES) await flush()
  })
  if (bytes > 0) await flush()
  return result
}
