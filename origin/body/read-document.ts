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
export async function readDocument(body: IncomingBody, root: string): Promise<Element | undefined> {
  const pieces: Buffer[] = []
  const { bytes } = await receiveBody(body, MAX_DOCUMENT_BYTES, (piece) => void pieces.push(piece))
  if (bytes === 0) return undefined
  const content = parse(Buffer.concat(pieces).toString('utf8'))[root]
  if (content === '') return {}
  if (!isElement(content)) throw malformedXml()
  return content
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
  try {
    const document: unknown = PARSER.parse(source, true)
    if (isElement(document)) return document
  } catch {
    // What exactly the parser disliked says nothing to an S3 client, which knows the code.
  }
  throw malformedXml()
}
