import { createHash } from 'node:crypto'
import { GatewayError, isVerdict } from '../errors.ts'
import { type FileFormat, FILE_TYPES, formatOf, type KindRules, labelsOf } from '../media/kinds.ts'
import type { PhotoEntry } from '../media/records.ts'
import { readSignature } from '../pixels/signature.ts'
import type { PictureDescription, PictureFacts, Renderer } from '../render/renderer.ts'
import type { Scanner } from './clamd.ts'
import { findStowaway } from './polyglots.ts'
import type { AnyRequest } from './request.ts'

/** What a record keeps of a picture, beside where it lies. */
export type PictureNotes = Pick<PhotoEntry, 'width' | 'height' | 'placeholder' | 'dominantColour' | 'shot'>

export interface FileChecks {
  readonly renderer: Pick<Renderer, 'inspect' | 'examine'>
  readonly scanner?: Pick<Scanner, 'scan'> | undefined
}

/** A file as it has arrived, and what it was announced as. */
export interface ArrivedFile {
  readonly bytes: Buffer
  readonly request: Pick<AnyRequest, 'contentType' | 'bytes' | 'sha256'>
  readonly rules: KindRules
  readonly signal?: AbortSignal | undefined
}

/**
 * Checks a file as a whole: length, checksum, first bytes, what else it could be read as, header, every pixel, malware.
 * Throws `upload_…` for what is refused; nothing is returned for what is no picture.
 */
export async function checkFile(file: ArrivedFile, checks: FileChecks): Promise<PictureNotes | undefined> {
  checkLength(file)
  checkSum(file)
  const format = checkFormat(file)
  const notes = format === 'pdf' ? undefined : await checkPicture(file, checks)
  await checkMalware(file, checks)
  return notes
}

function checkLength({ bytes, request }: ArrivedFile): void {
  if (bytes.length === 0) throw refused('The file is empty')
  if (request.bytes === undefined || bytes.length === request.bytes) return
  throw refused(`The file has ${bytes.length} bytes, and was announced with ${request.bytes}`)
}

function checkSum({ bytes, request }: ArrivedFile): void {
  if (request.sha256 === undefined) return
  const actual = createHash('sha256').update(bytes).digest('hex')
  if (actual === request.sha256) return
  throw refused(`The file has the SHA-256 ${actual}, and was announced with ${request.sha256}: send it again`)
}

/** What the first bytes say must be accepted, and be what was declared: as that it is handed out. */
function checkFormat({ bytes, request, rules }: ArrivedFile): FileFormat {
  const found = formatOfBytes(bytes)
  if (typeof found === 'object' || !rules.formats.includes(found)) {
    const what = typeof found === 'object' ? found.what : FILE_TYPES[found].label
    const advice = typeof found === 'object' && found.advice !== undefined ? ` (${found.advice})` : ''
    throw typeRefused(`The file is ${what}; ${labelsOf(rules.formats)} are accepted${advice}`)
  }
  if (found === formatOf(request.contentType)) return found
  throw typeRefused(`The file is ${FILE_TYPES[found].label}, and was announced as ${request.contentType}`)
}

function formatOfBytes(
  bytes: Buffer,
): FileFormat | { readonly what: string; readonly advice?: string | undefined } {
  if (bytes.subarray(0, 5).equals(Buffer.from('%PDF-'))) return 'pdf'
  const signature = readSignature(bytes)
  if ('other' in signature) return { what: signature.other, advice: signature.advice }
  return formatOf(`image/${signature.format}`) ?? { what: signature.format.toUpperCase() }
}

/** The content type that a file's first bytes say; `undefined` for what no kind takes. */
export function contentTypeOf(bytes: Buffer): string | undefined {
  const found = formatOfBytes(bytes)
  return typeof found === 'object' ? undefined : FILE_TYPES[found].contentType
}

async function checkPicture(file: ArrivedFile, { renderer }: FileChecks): Promise<PictureNotes> {
  const { bytes, rules, signal } = file
  const stowaway = findStowaway(bytes)
  if (stowaway !== undefined)
    throw refused(`The file is a picture and ${stowaway} at once; save the picture anew`)
  try {
    checkSides(await renderer.inspect(bytes, signal), rules)
    return notesOf(await renderer.examine(bytes, signal))
  } catch (error) {
    if (!isVerdict(error)) throw error
    throw refused(error.message, error)
  }
}

function checkSides({ width, height }: PictureFacts, { maxPixels, maxSide }: KindRules): void {
  if (width * height > maxPixels)
    throw refused(`The picture is ${width}×${height}; at most ${maxPixels} pixels are accepted`)
  if (Math.max(width, height) > maxSide)
    throw refused(`The picture is ${width}×${height}; a side of at most ${maxSide} pixels is accepted`)
}

function notesOf({ facts, thumbHash, dominantColour, shot }: PictureDescription): PictureNotes {
  const told = Object.entries(shot ?? {}).filter(([, value]) => value !== undefined)
  return {
    width: facts.width,
    height: facts.height,
    placeholder: Buffer.from(thumbHash).toString('base64'),
    dominantColour,
    ...(told.length > 0 && { shot: Object.fromEntries(told) }),
  }
}

async function checkMalware({ bytes, signal }: ArrivedFile, { scanner }: FileChecks): Promise<void> {
  const verdict = await scanner?.scan(bytes, signal)
  if (verdict === undefined || verdict === 'clean') return
  throw new GatewayError('upload_infected', `The virus scanner has found ${verdict.found}`)
}

function refused(message: string, cause?: Error): GatewayError {
  return new GatewayError('upload_refused', message, cause && { cause })
}

function typeRefused(message: string): GatewayError {
  return new GatewayError('upload_type_refused', message)
}
