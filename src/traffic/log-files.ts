import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { ObjectStore } from '../storage/object-store.ts'
import type { Transfers } from '../transfers/transfers.ts'

/** A file of log lines, plain or in gzip, wherever it lies. */
export interface LogFile {
  readonly name: string
  open(): Promise<Readable>
}

/** A file, or all files in a folder and below it, by name; those that begin with a dot are left out. */
export async function* logFilesIn(path: string): AsyncGenerator<LogFile> {
  if (!(await stat(path)).isDirectory()) {
    yield { name: path, open: async () => createReadStream(path) }
    return
  }
  const entries = await readdir(path, { withFileTypes: true })
  const shown = entries.filter(({ name }) => !name.startsWith('.'))
  for (const { name } of shown.toSorted((a, b) => (a.name < b.name ? -1 : 1)))
    yield* logFilesIn(join(path, name))
}

/** The objects of a bucket whose keys begin with `prefix`. */
export async function* logFilesOf(
  bucket: Pick<ObjectStore, 'list'> & Pick<Transfers, 'download'>,
  prefix: string,
): AsyncGenerator<LogFile> {
  for await (const { key, bytes } of bucket.list(prefix)) {
    if (bytes === 0) continue
    yield {
      name: key,
      async open() {
        const result = await bucket.download(key)
        // Removed since it was listed, as a lifecycle rule does.
        return result.outcome === 'found' ? result.body : Readable.from([])
      },
    }
  }
}

/** The bytes of a file as they were before gzip, if that is what they are by their beginning. */
export async function* plainBytes(source: Readable): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]()
  try {
    const first = await firstBytes(chunks)
    const whole = Readable.from(chain(first, chunks))
    const isGzip = first[0] === 0x1f && first[1] === 0x8b
    if (!isGzip) {
      yield* whole
      return
    }
    const gunzip = createGunzip()
    whole.on('error', (error) => gunzip.destroy(error))
    yield* whole.pipe(gunzip)
  } finally {
    source.destroy()
  }
}

async function firstBytes(chunks: AsyncIterator<Buffer>): Promise<Buffer> {
  let first: Buffer = Buffer.alloc(0)
  while (first.length < 2) {
    const next = await chunks.next()
    if (next.done === true) return first
    first = Buffer.concat([first, next.value])
  }
  return first
}

async function* chain(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
}
