import { CHECKSUM_NAMES, type ChecksumName, createChecksum } from '../body/checksum-algorithms.ts'
import { S3Error } from '../s3-error.ts'
import type { Blobs } from '../store/blobs.ts'
import type { ObjectRecord, StoredChecksum } from '../store/object-record.ts'

const READ_BYTES = 1024 * 1024

/** The algorithm that a copy asks for by `x-amz-checksum-algorithm`; throws when it is none that is known. */
export function checksumAlgorithm(headers: ReadonlyMap<string, string>): ChecksumName | undefined {
  const asked = headers.get('x-amz-checksum-algorithm')
  const name = CHECKSUM_NAMES.find((known) => known === asked?.toLowerCase())
  if (asked === undefined || name !== undefined) return name
  throw new S3Error(
    'InvalidRequest',
    'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]',
  )
}

/** The source's checksum, unless another algorithm is asked for: then the new blob is read. It is removed if that fails. */
export async function checksumOfCopy(
  blobs: Blobs,
  copy: { source: ObjectRecord; blob: string; algorithm: ChecksumName | undefined },
): Promise<StoredChecksum | undefined> {
  const { source, blob, algorithm } = copy
  if (algorithm === undefined || algorithm === source.checksum?.name) return source.checksum
  try {
    const file = await blobs.open(blob)
    if (file === undefined) throw new Error(`The blob ${blob} of a copy is missing`)
    const checksum = createChecksum(algorithm)
    for await (const piece of file.createReadStream({ highWaterMark: READ_BYTES })) checksum.update(piece)
    return { name: algorithm, value: checksum.digest().toString('base64') }
  } catch (error) {
    await blobs.remove(blob)
    throw error
  }
}
