import { CHECKSUM_NAMES } from '../body/checksum-algorithms.ts'
import { children, type Element, isElement, malformedXml, text } from '../body/read-document.ts'
import { S3Error } from '../s3-error.ts'
import type { PartRecord, Upload } from '../uploads/upload-record.ts'

const MAX_PARTS = 10_000

/** A part as a completion names it. */
export interface NamedPart {
  readonly number: number
  /** Without quotes. */
  readonly etag: string
  /** Base64 by algorithm, as far as they are given. */
  readonly checksums: ReadonlyMap<string, string>
}

/** Reads the parts of a `CompleteMultipartUpload` document. */
export function parseCompletion(document: Element | undefined): NamedPart[] {
  const parts = children(document ?? {}, 'Part').map(parseNamedPart)
  if (parts.length === 0 || parts.length > MAX_PARTS) throw malformedXml()
  return parts
}

/** The parts of an upload that a completion names, in order; throws when they do not make an object. */
export function selectParts(upload: Upload, named: readonly NamedPart[], minBytes: number): PartRecord[] {
  if (named.some(({ number }, index) => number <= (named[index - 1]?.number ?? 0))) {
    throw new S3Error(
      'InvalidPartOrder',
      'The list of parts was not in ascending order. Parts must be ordered by part number.',
      { UploadId: upload.id },
    )
  }
  const parts = named.map((part) => selectPart(upload, part))
  const small = parts.slice(0, -1).find(({ bytes }) => bytes < minBytes)
  if (small === undefined) return parts
  throw new S3Error('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', {
    ProposedSize: String(small.bytes),
    MinSizeAllowed: String(minBytes),
    PartNumber: String(small.number),
    ETag: small.etag,
  })
}

function parseNamedPart(value: unknown): NamedPart {
  if (!isElement(value)) throw malformedXml()
  const number = text(value, 'PartNumber')?.trim() ?? ''
  const etag = text(value, 'ETag')?.trim().replaceAll('"', '') ?? ''
  if (!/^\d{1,5}$/.test(number) || Number(number) < 1 || etag === '') throw malformedXml()
  const checksums = CHECKSUM_NAMES.flatMap((name): [string, string][] => {
    const given = text(value, `Checksum${name.toUpperCase()}`)
    return given === undefined ? [] : [[name, given.trim()]]
  })
  return { number: Number(number), etag, checksums: new Map(checksums) }
}

function selectPart({ id, parts, checksum }: Upload, { number, etag, checksums }: NamedPart): PartRecord {
  if (checksum?.type === 'COMPOSITE' && !checksums.has(checksum.name)) {
    throw new S3Error(
      'InvalidRequest',
      `The upload was created using a ${checksum.name} checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`,
    )
  }
  const part = parts.get(number)
  const agrees = [...checksums].every(
    ([name, value]) => part?.checksum?.name === name && part.checksum.value === value,
  )
  if (part?.etag === etag && agrees) return part
  throw new S3Error(
    'InvalidPart',
    "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
    { UploadId: id, PartNumber: String(number), ETag: etag },
  )
}
