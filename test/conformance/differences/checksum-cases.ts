const ALGORITHMS = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256']

const ENDINGS = [
  'is verified, stored and told with PUT, GET and HEAD',
  'that is wrong is BadDigest and changes nothing',
  'that is none is InvalidRequest',
  'as a trailer is verified and told',
  'as a trailer that is wrong is BadDigest and changes nothing',
]

/** The cases of every checksum, for servers that know none of them. */
export const CHECKSUM_CASES = ALGORITHMS.flatMap((algorithm) =>
  ENDINGS.map((ending) => `x-amz-checksum-${algorithm} ${ending}`),
)
