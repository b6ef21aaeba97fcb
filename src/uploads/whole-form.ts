import { Readable } from 'node:stream'
import type { BusboyInstance } from '@fastify/busboy'
import { GatewayError } from '../errors.ts'
import { clientGone, createParser, type FormLimits, malformed, pump } from './form.ts'

/** A form as it was sent, all of it: its fields in any order, and the file that was among them. */
export interface WholeForm {
  readonly fields: ReadonlyMap<string, string>
  readonly file?: { readonly fileName: string; readonly bytes: Buffer } | undefined
}

const LIMITS = {
  fieldNameSize: 256,
  fieldSize: 8 * 1024,
  fields: 64,
  files: 1,
  parts: 65,
  headerPairs: 16,
  headerSize: 8 * 1024,
}

/**
 * Takes a `multipart/form-data` body apart that may have its file, named `file`, anywhere, or none. It is held in memory:
 * only for bodies that are bounded, of few clients at once.
 */
export async function readWholeForm(
  request: Request,
  limits: FormLimits & { readonly maxFileBytes: number },
): Promise<WholeForm> {
  const { maxFileBytes } = limits
  const type = request.headers.get('content-type') ?? ''
  const parser = createParser(type, LIMITS)
  if (request.body === null) throw malformed()
  const body = Readable.fromWeb(request.body)
  const gathered = gather(parser, maxFileBytes)
  try {
    const pumping = pump(body, parser, limits).catch((error: unknown) => {
      const refusal = error instanceof GatewayError ? error : clientGone(error)
      parser.destroy(refusal)
      throw refusal
    })
    const [form] = await Promise.all([gathered, pumping])
    return form
  } catch (error) {
    // Of two failures, what the parser refused is what the form was at fault for.
    const [refused] = await Promise.allSettled([gathered])
    throw refused.status === 'rejected' ? refused.reason : error
  } finally {
    body.destroy()
    parser.destroy()
  }
}

async function gather(parser: BusboyInstance, maxFileBytes: number): Promise<WholeForm> {
  const fields = new Map<string, string>()
  let file: Promise<WholeForm['file']> | undefined
  const refuse = (detail: string): void => {
    parser.destroy(new GatewayError('invalid_request', detail))
  }
  parser.on('field', (name, value, nameCut, valueCut) => {
    if (nameCut || valueCut) return refuse(`body.${name}: is too long`)
    if (fields.has(name)) return refuse(`body.${name}: is given twice`)
    fields.set(name, value)
  })
  parser.once('partsLimit', () => refuse('body: too many parts'))
  parser.once('fieldsLimit', () => refuse(`body: at most ${LIMITS.fields} fields`))
  parser.on('file', (name, part, fileName) => {
    // What is wrong with the form is told by the parser.
    part.on('error', () => undefined)
    if (name !== 'file') {
      part.resume()
      return refuse(`body.${name}: the file is named file`)
    }
    file = bytesOf(part, maxFileBytes).then((bytes) => ({ fileName, bytes }))
    file.catch((error: unknown) => parser.destroy(error instanceof Error ? error : malformed(error)))
  })
  parser.once('filesLimit', () => refuse('body: a form has one file'))
  await new Promise<void>((resolve, reject) => {
    parser.once('finish', resolve)
    parser.once('error', (error) => reject(error instanceof GatewayError ? error : malformed(error)))
    parser.once('close', () => reject(malformed()))
  })
  return { fields, file: await file }
}

async function bytesOf(part: Readable, maxBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of part as AsyncIterable<Buffer>) {
    length += piece.length
    if (length > maxBytes) pieces.length = 0
    else pieces.push(piece)
  }
  // Not before: a client that still sends does not read why it was refused.
  if (length > maxBytes)
    throw new GatewayError('upload_too_large', `The file has more than ${maxBytes} bytes`)
  return Buffer.concat(pieces)
}
