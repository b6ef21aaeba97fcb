import { randomBytes } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { LRUCache } from 'lru-cache'
import { DirectorySync } from './directory-sync.ts'
import { type Files, hasCode, removeFile, useFile } from './files.ts'
import type { Piece } from './object-record.ts'

/** Pieces are gathered up to this before they are written: a socket hands out 64 KiB at most. */
const WRITE_BYTES = 1024 * 1024

/** Up to this a blob is read in one go and remembered: a stream costs more than the copy. */
export const SMALL_BYTES = 1024 * 1024

/** What blobs read lately may take of memory. */
const MEMORY_BYTES = 64 * 1024 * 1024
/** Names of blobs that have been read once and may be read again. */
const MAX_READ_ONCE = 10_000

/** Supplies the bytes of a blob, piece by piece. */
type Fill<Filled> = (sink: (piece: Buffer) => Promise<void>) => Promise<Filled>

/** The bodies of objects: files that are written once, never changed, and removed when no record names them. */
export class Blobs {
  readonly #files: Files
  readonly #directory: string
  readonly #names: DirectorySync
  readonly #held = new Map<string, { readers: number; isDoomed: boolean }>()
  readonly #readOnce = new LRUCache<string, true>({ max: MAX_READ_ONCE })
  /** Never out of date: a blob does not change, and its name is not used again. */
  readonly #lately = new LRUCache<string, Buffer>({
    maxSize: MEMORY_BYTES,
    sizeCalculation: ({ length }) => length + 1,
  })

  constructor(files: Files, directory: string) {
    this.#files = files
    this.#directory = directory
    this.#names = new DirectorySync(files, directory)
  }

  /** Writes a blob that `fill` supplies; it is on the disk when this returns, and gone when it throws. */
  async write<Filled>(fill: Fill<Filled>): Promise<{ blob: string; filled: Filled }> {
    const { blob, filled, safe } = await this.writeAhead(fill)
    try {
      await safe
      return { blob, filled }
    } catch (error) {
      await this.remove(blob)
      throw error
    }
  }

  /**
   * The same as soon as all is written: on the disk it is when `safe` resolves, and nothing may name it before on the
   * disk. When this throws the blob is gone; when `safe` rejects it is the caller's to remove.
   */
  async writeAhead<Filled>(
    fill: Fill<Filled>,
  ): Promise<{ blob: string; filled: Filled; safe: Promise<void> }> {
    const blob = newName()
    try {
      return await new Promise((resolve, reject) => {
        const safe = useFile(this.#files, this.#path(blob), 'wx', async (file) => {
          const filled = await fillFile(file, fill)
          resolve({ blob, filled, safe })
          await Promise.all([file.sync(), this.#names.sync()])
        })
        // Before all is written its failure is this call's. Later it is for whoever waits for `safe`, if anybody does.
        safe.catch(reject)
      })
    } catch (error) {
      await this.remove(blob)
      throw error
    }
  }

  /** A second name for the bytes of each blob; `undefined` when one of them has just been removed. */
  async duplicate(blobs: readonly string[]): Promise<string[] | undefined> {
    const copies: string[] = []
    try {
      for (const blob of blobs) {
        const copy = newName()
        copies.push(copy)
        await this.#linkOrCopy(this.#path(blob), this.#path(copy))
      }
      await this.#names.sync()
      return copies
    } catch (error) {
      await this.remove(...copies)
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

  /** A small blob whole, out of memory if it was read lately and more than once; `undefined` when it has just been removed. Not to be changed. */
  async readSmall({ blob, bytes }: Piece): Promise<Buffer | undefined> {
    const known = this.#lately.get(blob)
    if (known) return known
    const file = await this.open(blob)
    if (file === undefined) return undefined
    try {
      const content = await readWhole(file, bytes)
      if (content === undefined) throw truncated({ blob, bytes })
      // What is read once, as a gateway reads its sources, would only push out what is read again.
      if (this.#readOnce.has(blob)) this.#lately.set(blob, content)
      else this.#readOnce.set(blob, true)
      return content
    } finally {
      await file.close()
    }
  }

  /**
   * Keeps blobs that are about to be read one after the other from being removed until the returned function is called.
   * An open file needs no such hold: it outlives its name.
   */
  hold(blobs: readonly string[]): () => Promise<void> {
    for (const blob of blobs) {
      const held = this.#held.get(blob)
      if (held) held.readers += 1
      else this.#held.set(blob, { readers: 1, isDoomed: false })
    }
    return async () => {
      const doomed = blobs.filter((blob) => this.#letGo(blob))
      await this.remove(...doomed)
    }
  }

  /** Removes blobs; who reads one at the moment reads it to its end. */
  async remove(...blobs: readonly string[]): Promise<void> {
    for (const blob of blobs) {
      this.#lately.delete(blob)
      const held = this.#held.get(blob)
      if (held) held.isDoomed = true
      else await removeFile(this.#files, this.#path(blob))
    }
  }

  /** Whether that was the last reader of a blob that is to be removed. */
  #letGo(blob: string): boolean {
    const held = this.#held.get(blob)
    if (held === undefined) return false
    held.readers -= 1
    if (held.readers > 0) return false
    this.#held.delete(blob)
    return held.isDoomed
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

/** The failure of a read that found a blob of another length than its record says. */
export function truncated({ blob, bytes }: Piece): Error {
  return new Error(`The blob ${blob} is not ${bytes} bytes long`)
}

/** All bytes of a file that has so many; `undefined` when it has fewer. */
async function readWhole(file: FileHandle, bytes: number): Promise<Buffer | undefined> {
  const content = Buffer.allocUnsafeSlow(bytes)
  for (let filled = 0; filled < bytes; ) {
    const { bytesRead } = await file.read(content, filled, bytes - filled, filled)
    if (bytesRead === 0) return undefined
    filled += bytesRead
  }
  return content
}

function newName(): string {
  return randomBytes(16).toString('hex')
}

async function fillFile<Filled>(file: FileHandle, fill: Fill<Filled>): Promise<Filled> {
  let waiting: Buffer[] = []
  let bytes = 0
  const flush = async (): Promise<void> => {
    const [batch, length] = [waiting, bytes]
    waiting = []
    bytes = 0
    await appendAll(file, batch, length)
  }
  const result = await fill(async (piece) => {
    waiting.push(piece)
    bytes += piece.length
    if (bytes >= WRITE_BYTES) await flush()
  })
  if (bytes > 0) await flush()
  return result
}

/** As they are: to join them first would cost a copy of every body, and its collection. */
async function appendAll(file: FileHandle, pieces: readonly Buffer[], bytes: number): Promise<void> {
  const { bytesWritten } = await file.writev(pieces)
  // A write of several may end early, on a full disk for one: then what is left says why.
  if (bytesWritten < bytes) await file.appendFile(Buffer.concat(pieces).subarray(bytesWritten))
}
