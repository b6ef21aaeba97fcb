import { Readable } from 'node:stream'
import { Busboy, type BusboyConfig, type BusboyInstance } from '@fastify/busboy'
import { GatewayError } from '../errors.ts'

/** A form with one file: the fields in front of it, and its bytes, which are still on their way. */
export interface UploadForm {
  readonly fields: Readonly<Record<string, string>>
  readonly fileName: string
  readonly contentType: string
  /** Ends only when the whole form has ended as it should; fails when it does not. */
  readonly file: Readable
}

export interface FormLimits {
  /** Of the whole body. */
  readonly maxBytes: number
  /** How long the body may make no progress. */
  readonly idleTimeoutMs: number
}

const LIMITS = {
  fieldNameSize: 100,
  fieldSize: 1024,
  fields: 10,
  parts: 12,
  headerPairs: 16,
  headerSize: 8 * 1024,
}

/**
 * Takes a `multipart/form-data` body apart while it flows, hands the file to `use`, and returns what that returned. The
 * form has one file, named `file`, and nothing behind it. Nothing is held but what is under way.
 */
export async function readUploadForm<Result>(
  request: Request,
  limits: FormLimits,
  use: (form: UploadForm) => Promise<Result>,
): Promise<Result> {
  const parser = createParser(request.headers.get('content-type') ?? '')
  if (request.body === null) throw malformed()
  const body = Readable.fromWeb(request.body)
  const { found, ended } = parts(parser)
  const pumping = pump(body, parser, limits).catch((error: unknown) => {
    const refusal = error instanceof GatewayError ? error : clientGone(error)
    parser.destroy(refusal)
    throw refusal
  })
  const whole = Promise.all([pumping, ended]).then(() => undefined)
  let refusal: unknown
  whole.catch((error: unknown) => {
    refusal ??= error
  })
  try {
    const form = await Promise.race([found, whole])
    if (form === undefined) throw new GatewayError('invalid_request', 'body.file: the form has no file')
    const { part, ...head } = form
    return await use({ ...head, file: Readable.from(untilEnd(part, whole), { objectMode: false }) })
  } catch (error) {
    // Whatever became of it on the way: the form was at fault.
    throw refusal ?? error
  } finally {
    body.destroy()
    parser.destroy()
  }
}

type Found = Omit<UploadForm, 'file'> & { readonly part: Readable }

/** What a parser finds: the file with the fields before it, and the end, which everything wrong prevents. */
function parts(parser: BusboyInstance): { found: Promise<Found>; ended: Promise<void> } {
  const fields: Record<string, string> = {}
  let hasFile = false
  const refuse = (detail: string): void => {
    parser.destroy(new GatewayError('invalid_request', detail))
  }
  const ended = new Promise<void>((resolve, reject) => {
    parser.once('finish', resolve)
    parser.once('error', (error) => reject(error instanceof GatewayError ? error : malformed(error)))
    parser.once('close', () => reject(malformed()))
  })
  parser.on('field', (name, value, nameCut, valueCut) => {
    if (hasFile) return refuse(`body.${name}: fields stand in front of the file`)
    if (nameCut || valueCut) return refuse(`body.${name}: is too long`)
    if (Object.hasOwn(fields, name)) return refuse(`body.${name}: is given twice`)
    Object.defineProperty(fields, name, { value, enumerable: true })
  })
  // Those without a name are counted too.
  parser.once('partsLimit', () => refuse('body: too many parts'))
  parser.once('fieldsLimit', () => refuse(`body: at most ${LIMITS.fields} fields`))
  const found = new Promise<Found>((resolve) => {
    parser.on('file', (name, part, ...[fileName, , contentType]) => {
      // What is wrong with the form is told by `ended`.
      part.on('error', () => undefined)
      if (name !== 'file' || hasFile) {
        part.resume()
        return refuse(`body.${name}: a form has one file, named file`)
      }
      hasFile = true
      resolve({ fields, fileName, contentType, part })
    })
  })
  return { found, ended }
}

/** Moves a body into a parser, no faster than it is read, and gives up on one that is too long or stands still. */
export async function pump(body: Readable, parser: BusboyInstance, limits: FormLimits): Promise<void> {
  const { maxBytes, idleTimeoutMs } = limits
  const late = () =>
    body.destroy(new GatewayError('request_timed_out', `The body made no progress for ${idleTimeoutMs} ms`))
  let idle = setTimeout(late, idleTimeoutMs)
  let bytes = 0
  try {
    for await (const piece of body as AsyncIterable<Buffer>) {
      clearTimeout(idle)
      bytes += piece.length
      if (bytes > maxBytes) throw new GatewayError('body_too_large', `A form may have ${maxBytes} bytes`)
      if (parser.destroyed) throw malformed()
      // While the file waits for its taker it is not the client that is slow.
      if (!parser.write(piece)) await drained(parser)
      idle = setTimeout(late, idleTimeoutMs)
    }
    parser.end()
  } finally {
    clearTimeout(idle)
  }
}

function drained(parser: BusboyInstance): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      parser.off('drain', settle).off('close', settle)
      if (parser.destroyed) reject(malformed())
      else resolve()
    }
    parser.on('drain', settle).on('close', settle)
  })
}

async function* untilEnd(part: Readable, whole: Promise<unknown>): AsyncGenerator<Buffer, void> {
  whole.catch((error: unknown) => part.destroy(error instanceof Error ? error : malformed()))
  try {
    yield* part as AsyncIterable<Buffer>
  } catch (error) {
    // The parser's own words mean nothing to a client; `whole` has the refusal.
    await whole
    throw error
  }
  await whole
}

/** Takes apart a body of this type; fields and parts are bounded by `limits`. */
export function createParser(contentType: string, limits: BusboyConfig['limits'] = LIMITS): BusboyInstance {
  if (!/^multipart\/form-data\s*;/i.test(contentType)) {
    throw new GatewayError('unsupported_media_type', 'The body is multipart/form-data')
  }
  try {
    const parser = new Busboy({
      headers: { 'content-type': contentType },
      limits,
      isPartAFile: (name, _type, fileName) => name === 'file' || fileName !== undefined,
    })
    // It may fail more than once, of which the first is told; an error that nobody listens to ends the process.
    return parser.on('error', () => undefined)
  } catch (cause) {
    throw malformed(cause)
  }
}

/** What is no form, or not all of one. */
export function malformed(cause?: unknown): GatewayError {
  return new GatewayError('invalid_request', 'body: is no complete multipart/form-data', { cause })
}

/** The client has left in the middle of a body. */
export function clientGone(cause: unknown): GatewayError {
  return new GatewayError('client_gone', 'The client has left', { cause })
}
