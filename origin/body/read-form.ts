import type { Readable } from 'node:stream'
import { Busboy, type BusboyInstance } from '@fastify/busboy'
import { S3Error } from '../s3-error.ts'

/** A form whose fields have been read, and whose file is still to come. */
export interface Form {
  /** The fields before the file, by name in lower case; names are case-insensitive to S3. */
  readonly fields: ReadonlyMap<string, string>
  /** The file's name as the browser gave it, perhaps with a path; empty when it gave none. */
  readonly fileName: string
  /** The file's bytes as they come. Ends only when the form has ended as it should, and throws otherwise. */
  readonly file: AsyncIterable<Buffer>
}

/** S3's limit for all that precedes the file. */
const MAX_FIELD_BYTES = 20 * 1024
/** The boundaries and headers of that many small fields, and what a client may put before the first boundary. */
const MAX_BYTES_BEFORE_FILE = 8 * MAX_FIELD_BYTES

const LIMITS = {
  fields: 200,
  fieldSize: MAX_FIELD_BYTES,
  files: 1,
  headerPairs: 16,
  headerSize: 8 * 1024,
}

/**
 * Reads the fields of a `multipart/form-data` body, lets `use` take the file, and returns what that returned. The part
 * named `file` is the file, whatever else is said of it; what comes after it is ignored, as S3 does.
 */
export async function readForm<Result>(
  body: Readable,
  contentType: string,
  use: (form: Form) => Promise<Result>,
): Promise<Result> {
  const parser = createParser(contentType)
  const fields = new FormFields()
  let stream: Readable | undefined
  const ended = new Promise<void>((resolve, reject) => {
    parser.once('finish', resolve).on('error', () => reject(malformed()))
    body.once('error', reject)
    parser.once('fieldsLimit', () => reject(fieldsTooLarge()))
  })
  parser.on('field', (name: string | undefined, value, _nameCut, valueCut) => {
    if (stream === undefined) fields.add(name, value, valueCut)
  })
  const found = new Promise<Omit<Form, 'fields'>>((resolve) => {
    parser.once('file', (_name, part, fileName) => {
      stream = part
      // The parser repeats on the file what it says on itself: `ended` tells it once.
      part.on('error', () => undefined)
      ended.catch((error: unknown) => part.destroy(error instanceof Error ? error : malformed()))
      resolve({ fileName: typeof fileName === 'string' ? fileName : '', file: untilEnd(part, ended) })
    })
  })
  let bytes = 0
  const count = (piece: Buffer): void => {
    bytes += piece.length
    if (stream === undefined && bytes > MAX_BYTES_BEFORE_FILE) parser.emit('fieldsLimit')
  }
  try {
    body.on('data', count).pipe(parser)
    const file = await Promise.race([found, ended])
    if (file === undefined) throw missingFile()
    return await use({ fields: fields.checked(), ...file })
  } finally {
    // What is left of the body is the listener's to drain.
    body.off('data', count).unpipe(parser)
    stream?.destroy()
  }
}

/** Gathers fields; what is wrong with them is told when they are asked for, since events have nobody to throw to. */
class FormFields {
  readonly #fields = new Map<string, string>()
  #bytes = 0
  #problem: S3Error | undefined

  add(givenName: string | undefined, value: string, cut: boolean): void {
    const name = givenName?.toLowerCase() ?? ''
    this.#bytes += Buffer.byteLength(name) + Buffer.byteLength(value)
    if (cut || this.#bytes > MAX_FIELD_BYTES) this.#problem ??= fieldsTooLarge()
    if (this.#fields.has(name)) {
      this.#problem ??= new S3Error('InvalidArgument', 'A field of the form may be given once', {
        ArgumentName: name,
      })
    }
    this.#fields.set(name, value)
  }

  checked(): ReadonlyMap<string, string> {
    if (this.#problem) throw this.#problem
    return this.#fields
  }
}

function createParser(contentType: string): BusboyInstance {
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      limits: LIMITS,
      isPartAFile: (name) => name?.toLowerCase() === 'file',
      preservePath: true,
    })
  } catch {
    // A missing boundary: the parser has nothing else to say of a content type.
    throw malformed()
  }
}

async function* untilEnd(file: Readable, ended: Promise<void>): AsyncGenerator<Buffer, void> {
  try {
    for await (const piece of file) yield piece
  } catch (error) {
    // The parser's own words mean nothing to a client; `ended` has the refusal.
    await ended
    throw error
  }
  await ended
}

function malformed(): S3Error {
  return new S3Error(
    'MalformedPOSTRequest',
    'The body of your POST request is not well-formed multipart/form-data.',
  )
}

function fieldsTooLarge(): S3Error {
  return new S3Error(
    'MaxPostPreDataLengthExceededError',
    'Your POST request fields preceding the upload file were too large.',
    { MaxSizeAllowed: String(MAX_FIELD_BYTES) },
  )
}

function missingFile(): S3Error {
  return new S3Error('InvalidArgument', 'POST requires exactly one file upload per request.', {
    ArgumentName: 'file',
  })
}
