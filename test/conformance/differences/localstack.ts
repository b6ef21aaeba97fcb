import type { Difference } from '../differences.ts'

/** What LocalStack 4.13.1 does otherwise. */
export const LOCALSTACK_DIFFERENCES: readonly Difference[] = [
  {
    reason: 'signatures in the header are not verified, nor their time, nor that there is one',
    cases: [
      'signed in the header, no signature: AccessDenied',
      'signed in the header, a wrong secret: SignatureDoesNotMatch',
      'signed in the header, an unknown key: InvalidAccessKeyId',
      'signed in the header, a clock 16 minutes slow: RequestTimeTooSkewed',
      'signed in the header, a clock 16 minutes fast: RequestTimeTooSkewed',
      'signed in the header, another path: SignatureDoesNotMatch',
      'signed in the header, another method: SignatureDoesNotMatch',
      'signed in the header, an added parameter: SignatureDoesNotMatch',
    ],
  },
  {
    reason: 'the access key of a presigned URL is not looked up',
    cases: ['signed in the query, an unknown key: InvalidAccessKeyId'],
  },
  {
    reason: 'the signature of a presigned URL is looked at before its expiry',
    cases: ['signed in the query, an expiry over a week: AuthorizationQueryParametersError'],
  },
  {
    reason: 'the hash of a body, its chunks and their signatures are not verified',
    cases: [
      'a body that is not what was signed is XAmzContentSHA256Mismatch',
      'aws-chunked, signed, with a changed byte is SignatureDoesNotMatch and changes nothing',
      'aws-chunked, signed, with no last chunk is IncompleteBody and changes nothing',
    ],
  },
  {
    reason: 'an upload that is refused for its checksum has by then overwritten the bytes of the old object',
    cases: [
      'x-amz-checksum-crc32 that is wrong is BadDigest and changes nothing',
      'x-amz-checksum-crc32 as a trailer that is wrong is BadDigest and changes nothing',
      'x-amz-checksum-crc64nvme that is wrong is BadDigest and changes nothing',
      'x-amz-checksum-crc64nvme as a trailer that is wrong is BadDigest and changes nothing',
      'x-amz-checksum-sha1 that is wrong is BadDigest and changes nothing',
      'x-amz-checksum-sha1 as a trailer that is wrong is BadDigest and changes nothing',
      'x-amz-checksum-sha256 that is wrong is BadDigest and changes nothing',
      'x-amz-checksum-sha256 as a trailer that is wrong is BadDigest and changes nothing',
    ],
  },
  {
    reason: 'CRC32C as a trailer is refused',
    cases: [
      'x-amz-checksum-crc32c as a trailer is verified and told',
      'x-amz-checksum-crc32c as a trailer that is wrong is BadDigest and changes nothing',
    ],
  },
  {
    reason: 'a wrong CRC32C overwrites the bytes of the old object',
    cases: ['x-amz-checksum-crc32c that is wrong is BadDigest and changes nothing'],
  },
  {
    reason: 'a condition on the destination of a copy is ignored',
    cases: ['a copy is refused when for the destination its If-None-Match does not hold'],
  },
  {
    reason: 'If-Match does not take precedence over If-Unmodified-Since',
    cases: [
      'GET with If-Match that holds beside If-Unmodified-Since that fails: 200',
      'HEAD with If-Match that holds beside If-Unmodified-Since that fails: 200',
    ],
  },
  {
    reason: 'a 304 has no ETag',
    cases: ['a 304 carries ETag, Cache-Control and Last-Modified, and no body'],
  },
  {
    reason: 'DELETE with If-Match is not implemented',
    cases: ['DELETE with If-Match that fails: 412, that holds: 204'],
  },
  {
    reason:
      'a page names the key that the next begins with, so that a key that comes to stand before it is missed',
    cases: ['a listing in pages goes on where it was though keys came and went'],
  },
  {
    reason: 'max-keys of 0 is as good as none',
    cases: ['a listing of no keys at most has none and an end'],
  },
  {
    reason: 'parameters of a listing are not checked',
    cases: [
      'a listing refuses {"max-keys":"-1"}',
      'a listing refuses {"max-keys":"x"}',
      'a listing refuses {"encoding-type":"base64"}',
      'a listing refuses {"continuation-token":"no token"}',
    ],
  },
  {
    reason: 'a key of slashes alone is taken for the bucket',
    cases: [
      'a key of a slash is stored, listed, read and removed as itself',
      'a key of two slashes is stored, listed, read and removed as itself',
    ],
  },
  {
    reason: 'XML with a control character that is escaped is not read',
    cases: ['a key of a control character is stored, listed, read and removed as itself'],
  },
  {
    reason: 'a document that is not XML is an internal error',
    cases: ['DeleteObjects with a document that is none is MalformedXML'],
  },
  { reason: 'no limit for metadata', cases: ['2 KB of user metadata are taken, more is MetadataTooLarge'] },
  {
    reason: 'a suffix range of an object without bytes is the whole of it',
    cases: ['range bytes=-5 of no bytes: 416'],
  },
  {
    reason: 'whoever has no credentials may do everything, with a policy or without',
    cases: [
      'what a bucket policy shows to everyone is read without credentials, by GET and HEAD',
      'a bucket policy that is removed shows nothing any more',
      'a bucket policy that shows public/ to everyone does not permit GET /private without credentials',
      'a bucket policy that shows public/ to everyone does not permit GET /public/missing without credentials',
      'a bucket policy that shows public/ to everyone does not permit PUT /public/a without credentials',
      'a bucket policy that shows public/ to everyone does not permit DELETE /public/a without credentials',
      'a bucket policy that shows public/ to everyone does not permit GET / without credentials',
    ],
  },
  {
    reason: 'of a policy only its JSON is looked at, and its status is not told',
    cases: [
      'a bucket policy that has no statement is MalformedPolicy',
      'a bucket policy that is of another bucket is MalformedPolicy',
      'GetBucketPolicyStatus says whether everyone is shown something',
    ],
  },
  {
    reason: 'of lifecycle rules little is checked',
    cases: [
      'lifecycle rules of no days are InvalidArgument and change nothing',
      'lifecycle rules of one name are InvalidArgument and change nothing',
      'lifecycle rules that do nothing are InvalidRequest and change nothing',
    ],
  },
  {
    reason: 'attributes that there are not are passed over',
    cases: ['GetObjectAttributes that asks for nothing, or for what there is not, is refused'],
  },
  {
    reason: 'a form needs no policy, its signature is not verified, and no field must be covered',
    cases: [
      'a form without a policy is AccessDenied',
      'a form signed with another secret is SignatureDoesNotMatch and stores nothing',
      'a form with a field that no condition covers is AccessDenied and stores nothing',
    ],
  },
]
