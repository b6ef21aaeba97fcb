import { createChecksum } from '../body/checksum-algorithms.ts'
import { combineChecksums, isCombinable } from '../body/combine-crc.ts'
import { S3Error } from '../s3-error.ts'
import type { StoredChecksum } from '../store/object-record.ts'
import type { PartRecord, Upload, UploadChecksum } from '../uploads/upload-record.ts'

/**
 * The checksum of the object that parts make; `undefined` when they bring none. Of an upload that was begun without an
 * algorithm it is that of the whole object, if the parts agree on one from which it follows.
 */
export function objectChecksum(
  upload: Pick<Upload, 'checksum'>,
  parts: readonly PartRecord[],
): StoredChecksum | undefined {
  const kind = upload.checksum ?? commonChecksum(parts)
  if (kind === undefined) return undefined
  const { name, type } = kind
  const values = parts.map(({ bytes, checksum }) => ({ bytes, value: checksum?.value ?? '' }))
  if (type === 'FULL_OBJECT') return { name, value: combineChecksums(name, values) }
  const digest = createChecksum(name)
  for (const { value } of values) digest.update(Buffer.from(value, 'base64'))
  return { name, type, value: `${digest.digest().toString('base64')}-${parts.length}` }
}

/** Throws when a completion says otherwise of the object than what its parts make: checksum, its type, or the size. */
export function checkDeclared(
  headers: ReadonlyMap<string, string>,
  checksum: StoredChecksum | undefined,
  bytes: number,
): void {
  const size = headers.get('x-amz-mp-object-size')
  if (size !== undefined && size !== String(bytes)) {
    throw refused(
      `The provided 'x-amz-mp-object-size' header value ${size} does not match what was computed: ${bytes}`,
    )
  }
  const type = headers.get('x-amz-checksum-type')
  if (type !== undefined && type !== (checksum?.type ?? 'FULL_OBJECT')) {
    throw refused('The upload was created with another checksum type than the complete request names.')
  }
  for (const [header, value] of headers) {
    const [, name] = /^x-amz-checksum-((?:crc|sha)\w+)$/.exec(header) ?? []
    if (name !== undefined) checkValue(name, value, checksum)
  }
}

function checkValue(name: string, value: string, checksum: StoredChecksum | undefined): void {
  if (checksum?.name !== name)
    throw refused(`The parts of this upload bring no ${name} checksum to verify this one by.`)
  // A composite checksum may come without the number of its parts.
  if (value === checksum.value || value === checksum.value.replace(/-\d+$/, '')) return
  throw new S3Error('BadDigest', `The ${name} you specified did not match the calculated checksum.`)
}

function commonChecksum(parts: readonly PartRecord[]): UploadChecksum | undefined {
  const name = parts[0]?.checksum?.name
  if (name === undefined || !isCombinable(name)) return undefined
  return parts.every(({ checksum }) => checksum?.name === name) ? { name, type: 'FULL_OBJECT' } : undefined
}

function refused(message: string): S3Error {
  return new S3Error('InvalidRequest', message)
}
