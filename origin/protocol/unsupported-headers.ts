import { S3Error } from '../s3-error.ts'

/** Headers that ask for what this server does not do, and the values of each that ask for nothing beyond the usual. */
const UNSUPPORTED: ReadonlyMap<string, readonly string[]> = new Map([
  ['x-amz-acl', ['private', 'bucket-owner-full-control']],
  ['x-amz-storage-class', ['STANDARD']],
  ['x-amz-tagging', []],
  ['x-amz-tagging-directive', []],
  ['x-amz-website-redirect-location', []],
  ['x-amz-bucket-object-lock-enabled', ['false']],
  ['x-amz-write-offset-bytes', []],
  ['x-amz-mfa', []],
])

const UNSUPPORTED_PREFIXES = [
  'x-amz-server-side-encryption',
  'x-amz-copy-source-server-side',
  'x-amz-grant-',
  'x-amz-object-lock-',
]

/** Throws `NotImplemented` for a header whose meaning would otherwise be dropped in silence; `honoured` ones pass. */
export function refuseUnsupported(
  headers: ReadonlyMap<string, string>,
  honoured: readonly string[] = [],
): void {
  for (const [name, value] of headers) {
    if (!name.startsWith('x-amz-') || honoured.includes(name)) continue
    const harmless = UNSUPPORTED.get(name)
    const refused = harmless
      ? !harmless.includes(value)
      : UNSUPPORTED_PREFIXES.some((prefix) => name.startsWith(prefix))
    if (refused) {
      throw new S3Error(
        'NotImplemented',
        'A header you provided implies functionality that is not implemented',
        {
          Header: name,
        },
      )
    }
  }
}
