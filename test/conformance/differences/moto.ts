import type { Difference } from '../differences.ts'
import { CHECKSUM_CASES } from './checksum-cases.ts'

/** What moto 5.2.5 does otherwise. */
export const MOTO_DIFFERENCES: readonly Difference[] = [
  {
    reason: 'a request for an upload that is not there is an error of its HTTP server',
    cases: ['an upload that is aborted is gone', 'an upload that never was is NoSuchUpload'],
  },
  {
    reason: 'parts out of order are taken for parts that are too small',
    cases: ['parts out of order are InvalidPartOrder, with another ETag InvalidPart'],
  },
  {
    reason: 'the older listing does not count common prefixes',
    cases: ['the older listing goes on from a marker'],
  },
  {
    reason: 'signatures are not verified, only that there is one; times and expiries neither',
    cases: [
      'signed in the header, no signature: AccessDenied',
      'signed in the header, a wrong secret: SignatureDoesNotMatch',
      'signed in the header, an unknown key: InvalidAccessKeyId',
      'signed in the header, a clock 16 minutes slow: RequestTimeTooSkewed',
      'signed in the header, a clock 16 minutes fast: RequestTimeTooSkewed',
      'signed in the header, another path: SignatureDoesNotMatch',
      'signed in the header, another method: SignatureDoesNotMatch',
      'signed in the header, an added parameter: SignatureDoesNotMatch',
      'signed in the query, a wrong secret: SignatureDoesNotMatch',
      'signed in the query, an unknown key: InvalidAccessKeyId',
      'signed in the query, an expiry that is past: AccessDenied',
      'signed in the query, a longer expiry: SignatureDoesNotMatch',
      'signed in the query, an expiry over a week: AuthorizationQueryParametersError',
      'signed in the query, another path: SignatureDoesNotMatch',
      'signed in the query, another method: SignatureDoesNotMatch',
      'a presigned PUT whose signed header is changed is refused',
    ],
  },
  {
    reason: 'neither checksums nor the hash of a body are verified, and checksums as plain headers not kept',
    cases: [
      ...CHECKSUM_CASES,
      'Content-MD5 that is wrong is BadDigest',
      'Content-MD5 that is none is InvalidDigest',
      'a body that is not what was signed is XAmzContentSHA256Mismatch',
      'two checksums at once are InvalidRequest',
    ],
  },
  {
    reason: 'the chunks of a body are neither verified nor counted',
    cases: [
      'aws-chunked, signed, with a changed byte is SignatureDoesNotMatch and changes nothing',
      'aws-chunked, signed, with no last chunk is IncompleteBody and changes nothing',
    ],
  },
  {
    reason: 'If-Match on reads is evaluated beside If-Unmodified-Since, and on HEAD only with quotes',
    cases: [
      'HEAD with If-Match without quotes: 200',
      'HEAD with If-None-Match without quotes that fails: 304',
      'GET with If-Match that holds beside If-Unmodified-Since that fails: 200',
      'HEAD with If-Match that holds beside If-Unmodified-Since that fails: 200',
    ],
  },
  {
    reason: 'a 304 carries nothing but its ETag',
    cases: ['a 304 carries ETag, Cache-Control and Last-Modified, and no body'],
  },
  {
    reason: 'conditions on the source or the destination of a copy are ignored in part',
    cases: [
      'a copy is refused when for the source its If-Match does not hold',
      'a copy is refused when for the source its If-Unmodified-Since does not hold',
      'a copy is refused when for the destination its If-None-Match does not hold',
    ],
  },
  {
    reason: 'a request has no id of its own',
    cases: ['an error is XML with code, message, key and the id of the request', 'every answer has an id'],
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
    reason: 'a common prefix is left out when start-after lies within it',
    cases: ['a listing: start-after within a common prefix, which is still told'],
  },
  {
    reason: 'a suffix range of an object without bytes is the whole of it',
    cases: ['range bytes=-5 of no bytes: 416'],
  },
  {
    reason: 'Quiet is ignored, and a broken document too',
    cases: [
      'DeleteObjects, told to be quiet, answers only for what failed',
      'DeleteObjects with a document that is none is MalformedXML',
    ],
  },
  {
    reason: 'no limit for metadata or keys, no rule for the names of buckets',
    cases: [
      'a name that no bucket may have is InvalidBucketName',
      '2 KB of user metadata are taken, more is MetadataTooLarge',
      'a key of 1,025 bytes is KeyTooLongError',
    ],
  },
  {
    reason: 'a path with a control character is an error of its HTTP server',
    cases: [
      'a key of a line break is stored, listed, read and removed as itself',
      'a key of a control character is stored, listed, read and removed as itself',
    ],
  },
  {
    reason: 'of several attributes only the first is told, parts not at all, and nothing is checked',
    cases: [
      'GetObjectAttributes tells ETag, size and storage class, the ETag without quotes',
      'GetObjectAttributes tells how many parts an object was uploaded in',
      'GetObjectAttributes that asks for nothing, or for what there is not, is refused',
    ],
  },
  {
    reason: 'lifecycle rules are not checked',
    cases: [
      'lifecycle rules of no days are InvalidArgument and change nothing',
      'lifecycle rules of one name are InvalidArgument and change nothing',
      'lifecycle rules that do nothing are InvalidRequest and change nothing',
      'lifecycle rules of a time within a day are InvalidArgument and change nothing',
    ],
  },
  {
    reason: 'a policy is not looked at as such',
    cases: [
      'a bucket policy that is no JSON is MalformedPolicy',
      'a bucket policy that has no statement is MalformedPolicy',
      'a bucket policy that is of another bucket is MalformedPolicy',
    ],
  },
  {
    reason: 'of who has no credentials HEAD is refused, a listing is not, and a refusal has no document',
    cases: [
      'what a bucket policy shows to everyone is read without credentials, by GET and HEAD',
      'a bucket policy that shows public/ to everyone does not permit GET /private without credentials',
      'a bucket policy that shows public/ to everyone does not permit GET /public/missing without credentials',
      'a bucket policy that shows public/ to everyone does not permit PUT /public/a without credentials',
      'a bucket policy that shows public/ to everyone does not permit DELETE /public/a without credentials',
      'a bucket policy that shows public/ to everyone does not permit GET / without credentials',
    ],
  },
  {
    reason: 'the policy of a form is not looked at',
    cases: [
      'a form without a policy is AccessDenied',
      'a form whose policy is over is AccessDenied and stores nothing',
      'a form with a field that no condition covers is AccessDenied and stores nothing',
      'a form with a value that its condition does not allow is AccessDenied and stores nothing',
      'a form signed with another secret is SignatureDoesNotMatch and stores nothing',
      'a form with a file above its content-length-range is EntityTooLarge and stores nothing',
      'a form with a file below its content-length-range is EntityTooSmall and stores nothing',
    ],
  },
  {
    reason: 'a form is answered without an ETag, and without a document',
    cases: [
      'a form stores its file with type and metadata, and answers 204 with an ETag',
      'a form that asks for status 201 gets a document',
      'a form that asks for a redirect is sent there with bucket, key and ETag',
    ],
  },
]
