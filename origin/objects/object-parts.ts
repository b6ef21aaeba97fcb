import { element, type Xml } from '../protocol/xml.ts'
import { S3Error } from '../s3-error.ts'
import type { ObjectPart, ObjectRecord } from '../store/object-record.ts'

const MAX_PARTS = 1000

/**
 * The parts that an object was uploaded in, a page of them by `x-amz-part-number-marker` and `x-amz-max-parts`; nothing
 * for other objects. As S3 has it, parts without checksums are only counted.
 */
export function objectParts({ parts }: ObjectRecord, headers: ReadonlyMap<string, string>): Xml[] {
  if (parts === undefined) return []
  const marker = wholeNumber(headers, 'x-amz-part-number-marker') ?? 0
  const limit = Math.min(wholeNumber(headers, 'x-amz-max-parts') ?? MAX_PARTS, MAX_PARTS)
  const count = element('PartsCount', parts.length)
  if (parts.some(({ checksum }) => checksum === undefined)) return [element('ObjectParts', [count])]
  const following = parts.filter(({ number }) => number > marker)
  const page = following.slice(0, limit)
  return [
    element('ObjectParts', [
      count,
      element('PartNumberMarker', marker),
      element('NextPartNumberMarker', page.at(-1)?.number ?? marker),
      element('MaxParts', limit),
      element('IsTruncated', following.length > page.length),
      ...page.map(partElement),
    ]),
  ]
}

function partElement({ number, bytes, checksum }: ObjectPart): Xml {
  return element('Part', [
    element('PartNumber', number),
    element('Size', bytes),
    ...(checksum ? [element(`Checksum${checksum.name.toUpperCase()}`, checksum.value)] : []),
  ])
}

function wholeNumber(headers: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = headers.get(name)
  if (text === undefined) return undefined
  if (/^\d{1,5}$/.test(text)) return Number(text)
  throw new S3Error('InvalidArgument', `Provided ${name} not an integer or within integer range`, {
    ArgumentName: name,
  })
}
