import { CHECKSUM_NAMES, type ChecksumName, createChecksum } from '../body/checksum-algorithms.ts'
import { S3Error } from '../s3-error.ts'
import type { Blobs } from '../store/blobs.ts'
import type { Draft } from '../store/bucket.ts'
import { blobsOf, type StoredChecksum } from '../store/object-record.ts'

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

/** The copy's checksum: its source's, unless another is asked for. Then its files are read; they are removed if that fails. */
export async function checksumOfCopy(
  blobs: Blobs,
  copy: Draft,
  algorithm: ChecksumName | undefined,
): Promise<StoredChecksum | undefined> {
  const { checksum: kept } = copy
  // One asked for is of the whole object, also where the source's is of its parts.
  if (algorithm === undefined || (algorithm === kept?.name && kept.type === undefined)) return kept
  try {
    const checksum = createChecksum(algorithm)
    for (const blob of blobsOf(copy)) {
      const file = await blobs.open(blob)
      if (file === undefined) throw new Error(`The blob ${blob} of a copy is missing`)
      for await (const piece of file.createReadStream({ highWaterMark: READ_BYTES })) checksum.update(piece)
    }
    return { name: algorithm, value: checksum.digest().toString('base64') }
  } catch (error) {
    await blobs.remove(...blobsOf(copy))
    throw error
  }
}
