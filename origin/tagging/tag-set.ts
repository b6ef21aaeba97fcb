import {
  allowOnly,
  child,
  children,
  type Element,
  malformedXml,
  text,
  toElement,
} from '../body/read-document.ts'
import { element, xmlDocument } from '../protocol/xml.ts'
import { S3Error } from '../s3-error.ts'
import type { Tag } from '../store/object-record.ts'

const MAX_TAGS = 10

/** Ten tags of the longest kind fit, each character written as a reference. */
export const MAX_TAGGING_BYTES = 128 * 1024

/** What S3 lets stand in a tag. */
const KEY = /^[\p{L}\p{Z}\p{N}_.:/=+@-]{1,128}$/u
const VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+@-]{0,256}$/u

/** Reads a `Tagging` document; throws S3's refusal for what breaks its schema or the limits of tags. */
export function parseTagging(document: Element): Tag[] {
  allowOnly(document, ['TagSet'])
  const set = child(document, 'TagSet')
  if (set === undefined) throw malformedXml()
  allowOnly(set, ['Tag'])
  const tags = children(set, 'Tag').map((value) => parseTag(toElement(value)))
  if (hasTwins(tags)) throw new S3Error('InvalidTag', 'Cannot provide multiple Tags with the same key')
  return checkCount(tags)
}

/** Reads one `Tag`. */
export function parseTag(tag: Element): Tag {
  allowOnly(tag, ['Key', 'Value'])
  const key = text(tag, 'Key')
  const value = text(tag, 'Value')
  if (key === undefined || value === undefined) throw malformedXml()
  return checkTag([key, value])
}

/** Reads `x-amz-tagging`: tags as a query has its parameters. `undefined` when there is no header. */
export function parseTaggingHeader(header: string | undefined): Tag[] | undefined {
  if (header === undefined) return undefined
  const parts = header.split('&').filter((part) => part !== '')
  const tags = parts.map((part): Tag => {
    const equals = part.indexOf('=')
    if (equals === -1) return [decode(part), '']
    return [decode(part.slice(0, equals)), decode(part.slice(equals + 1))]
  })
  if (hasTwins(tags)) throw badHeader()
  return checkCount(tags.map(checkTag))
}

/** The tags as a document. */
export function formatTagging(tags: readonly Tag[]): string {
  const set = tags.map(([key, value]) => element('Tag', [element('Key', key), element('Value', value)]))
  return xmlDocument('Tagging', [element('TagSet', set)])
}

function checkCount(tags: Tag[]): Tag[] {
  if (tags.length <= MAX_TAGS) return tags
  throw new S3Error('BadRequest', `Object tags cannot be greater than ${MAX_TAGS}`)
}

function checkTag(tag: Tag): Tag {
  const [key, value] = tag
  if (key.startsWith('aws:')) throw invalid('System tags cannot be added/updated by requester', key)
  if (!KEY.test(key)) {
    throw invalid('The TagKey you have provided is invalid', key)
  }
  if (!VALUE.test(value)) {
    throw invalid('The TagValue you have provided is invalid', key)
  }
  return tag
}

function hasTwins(tags: readonly Tag[]): boolean {
  return new Set(tags.map(([key]) => key)).size < tags.length
}

/** Headers are kept as the bytes that came, so that what was not percent-encoded is still UTF-8. */
function decode(text: string): string {
  try {
    return decodeURIComponent(Buffer.from(text, 'latin1').toString().replaceAll('+', ' '))
  } catch {
    throw badHeader()
  }
}

function badHeader(): S3Error {
  return new S3Error(
    'InvalidArgument',
    "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
    { ArgumentName: 'x-amz-tagging' },
  )
}

function invalid(message: string, key: string): S3Error {
  return new S3Error('InvalidTag', message, { TagKey: key })
}
