import { isUtf8 } from 'node:buffer'
import { XMLParser } from 'fast-xml-parser'
import { S3Error } from '../s3-error.ts'
import { type IncomingBody, receiveBody } from './receive-body.ts'

/** A thousand keys of 1,024 bytes, each byte written as a reference, fit. */
const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024

const PARSER = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  // Beside the five entities of XML this reads references to characters by number, as SDKs write line breaks.
  htmlEntities: true,
  alwaysCreateTextNode: false,
})

/** Elements by name. */
export type Element = Readonly<Record<string, unknown>>

/** Reads a body that is an XML document; `undefined` when it is empty, `MalformedXML` when it is not such a document. */
export async function readDocument(
  body: IncomingBody,
  root: string,
  maxBytes = MAX_DOCUMENT_BYTES,
): Promise<Element | undefined> {
  const source = await readText(body, maxBytes, malformedXml)
  return source === '' ? undefined : parseDocument(source, root)
}

/** Reads a body that is text in UTF-8; throws what `refusal` makes when it is too long, or not UTF-8. */
export async function readText(
  body: IncomingBody,
  maxBytes: number,
  refusal: () => S3Error,
): Promise<string> {
  const pieces: Buffer[] = []
  try {
    await receiveBody(body, maxBytes, (piece) => void pieces.push(piece))
  } catch (error) {
    throw error instanceof S3Error && error.code === 'EntityTooLarge' ? refusal() : error
  }
  const bytes = Buffer.concat(pieces)
  if (!isUtf8(bytes)) throw refusal()
  return bytes.toString('utf8')
}

/** The root element of a document; throws `MalformedXML` when it is not XML, or of another root. */
export function parseDocument(source: string, root: string): Element {
  return toElement(parse(source)[root])
}

/** Throws unless an element has only children of those names, and no text of its own. */
export function allowOnly(parent: Element, names: readonly string[]): void {
  for (const [name, value] of Object.entries(parent)) {
    const isIndent = name === '#text' && typeof value === 'string' && value.trim() === ''
    if (!isIndent && !names.includes(name)) throw malformedXml()
  }
}

/** The one child of that name, as a parent of further ones; `undefined` when there is none. */
export function child(parent: Element, name: string): Element | undefined {
  const value = parent[name]
  return value === undefined ? undefined : toElement(value)
}

/** A parsed value as an element; an empty one has no children. */
export function toElement(value: unknown): Element {
  if (isElement(value)) return value
  if (typeof value === 'string' && value.trim() === '') return {}
  throw malformedXml()
}

/** As `text`, for what is kept and written as XML again: XML has no other control characters than these three. */
export function plainText(parent: Element, name: string): string | undefined {
  const value = text(parent, name)
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (value !== undefined && /[\x00-\x08\x0b\x0c\x0e-\x1f]/.test(value)) throw malformedXml()
  return value
}

/** The texts of all children of that name. */
export function texts(parent: Element, name: string): string[] {
  return children(parent, name).map((value) => {
    if (typeof value === 'string') return value
    throw malformedXml()
  })
}

/** The children of that name, however many there are. */
export function children(parent: Element, name: string): readonly unknown[] {
  const value = parent[name]
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

/** The text of the child of that name; `undefined` when there is none. */
export function text(parent: Element, name: string): string | undefined {
  const value = parent[name]
  if (value === undefined || typeof value === 'string') return value
  throw malformedXml()
}

/** Whether something is an element with children. */
export function isElement(value: unknown): value is Element {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The refusal of a document that is not what its operation takes. */
export function malformedXml(): S3Error {
  return new S3Error(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  )
}

function parse(source: string): Element {
  if (hasLostCharacters(source)) throw malformedXml()
  try {
    const document: unknown = PARSER.parse(source, true)
    if (isElement(document)) return document
  } catch {
    // What exactly the parser disliked says nothing to an S3 client, which knows the code.
  }
  throw malformedXml()
}

/**
 * Whether a document names a character by number that XML 1.0 §2.2 does not have. The parser would drop it, and an
 * operation would go to another key or prefix than the one that was meant.
 */
function hasLostCharacters(source: string): boolean {
  const references = [...source.matchAll(/&#(?:x([\da-f]+)|(\d+));/gi)]
  return references.some(([, hex, decimal = '']) => {
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    const isControl = code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d
    return isControl || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff
  })
}
