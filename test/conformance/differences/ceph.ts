import type { Difference } from '../differences.ts'
import { CHECKSUM_CASES } from './checksum-cases.ts'

/** What Ceph RGW 16.2.15 does otherwise. */
export const CEPH_DIFFERENCES: readonly Difference[] = [
  {
    reason: 'the answer of a completion has an empty ETag',
    cases: [
      'the ETag of an upload in parts is the MD5 of the MD5s with the number of parts, quoted everywhere',
    ],
  },
  {
    reason: 'the completion of an upload that was aborted is an internal error',
    cases: ['an upload that is aborted is gone'],
  },
  {
    reason: 'the order of parts is not checked',
    cases: ['parts out of order are InvalidPartOrder, with another ETag InvalidPart'],
  },
  {
    reason: 'a condition on a completion is ignored',
    cases: ['Complete with If-None-Match: * where something is: 412'],
  },
  {
    reason: '16.2 neither verifies nor keeps checksums, and knows no trailers',
    cases: [
      'a stream by the SDK, in aws-chunked with a trailer',
      ...CHECKSUM_CASES,
      'two checksums at once are InvalidRequest',
      'aws-chunked, unsigned, with a trailer, is decoded',
      'aws-chunked, unsigned, with a trailer, is not stored as a coding; others are',
      'aws-chunked, signed, with a trailer, is decoded',
      'aws-chunked, signed, with a trailer, is not stored as a coding; others are',
    ],
  },
  {
    reason: '16.2 keeps aws-chunked as a coding, and verifies the chunks as a whole',
    cases: [
      'aws-chunked, signed, is not stored as a coding; others are',
      'aws-chunked, signed, with a changed byte is SignatureDoesNotMatch and changes nothing',
      'aws-chunked, signed, with no last chunk is IncompleteBody and changes nothing',
    ],
  },
  {
    reason: 'If-Match on a PUT holds only for an ETag without quotes, and is 412 where nothing is',
    cases: [
      'PUT with If-Match that holds: 200',
      'PUT with If-Match where nothing is: 404',
      'a race to replace has exactly one winner',
    ],
  },
  {
    reason: 'a condition on DELETE is ignored',
    cases: ['DELETE with If-Match that fails: 412, that holds: 204'],
  },
  {
    reason: 'conditions of a copy are ignored',
    cases: [
      'a copy is refused when for the source its If-Match does not hold',
      'a copy is refused when for the source its If-Unmodified-Since does not hold',
      'a copy is refused when for the source its If-None-Match does not hold',
      'a copy is refused when for the destination its If-None-Match does not hold',
    ],
  },
  {
    reason: 'the ETag of a copy is not quoted',
    cases: ['CopyObject keeps headers and metadata, and answers with a quoted ETag'],
  },
  {
    reason: 'a 304 has no ETag',
    cases: ['a 304 carries ETag, Cache-Control and Last-Modified, and no body'],
  },
  {
    reason: 'a metadata name loses its underscores',
    cases: ['user metadata is stored and comes back with GET and HEAD'],
  },
  { reason: 'no limit for metadata', cases: ['2 KB of user metadata are taken, more is MetadataTooLarge'] },
  {
    reason: 'ranges that are to be ignored are served or refused',
    cases: [
      'range bytes=5-2 of ten bytes: 200',
      'range bytes=0-1,3-4 of ten bytes: 200',
      'range bytes=-0 of ten bytes: 416',
    ],
  },
  {
    reason: 'a common prefix is left out when start-after lies within it',
    cases: ['a listing: start-after within a common prefix, which is still told'],
  },
  {
    reason: 'the prefix that a listing repeats is not encoded',
    cases: ['a listing encodes keys when it is asked to, and leaves slashes alone'],
  },
  {
    reason: 'parameters of a listing are not checked',
    cases: [
      'a listing refuses {"max-keys":"-1"}',
      'a listing refuses {"encoding-type":"base64"}',
      'a listing refuses {"continuation-token":"no token"}',
    ],
  },
  {
    reason: 'the location is the name of the zone group',
    cases: ['GetBucketLocation of us-east-1 is empty'],
  },
  {
    reason: 'an error does not name the key',
    cases: ['an error is XML with code, message, key and the id of the request'],
  },
  {
    reason: 'a document that is not whole is read as far as it goes',
    cases: ['DeleteObjects with a document that is none is MalformedXML'],
  },
  {
    reason: 'XML with a control character that is escaped is not read',
    cases: ['a key of a control character is stored, listed, read and removed as itself'],
  },
  {
    reason: 'the error has another code',
    cases: [
      'a key of 1,025 bytes is KeyTooLongError',
      'signed in the query, an expiry over a week: AuthorizationQueryParametersError',
    ],
  },
  {
    reason: '16.2 does not know GetObjectAttributes',
    cases: [
      'GetObjectAttributes tells ETag, size and storage class, the ETag without quotes',
      'GetObjectAttributes tells only what is asked for',
      'GetObjectAttributes tells the checksum that an object was stored with',
      'GetObjectAttributes tells how many parts an object was uploaded in',
      'GetObjectAttributes that asks for nothing, or for what there is not, is refused',
    ],
  },
  {
    reason: 'the refusal of a wrong signature of a form is a plain AccessDenied',
    cases: ['a form signed with another secret is SignatureDoesNotMatch and stores nothing'],
  },
  {
    reason: 'a form is answered with an empty ETag or none',
    cases: [
      'a form stores its file with type and metadata, and answers 204 with an ETag',
      'a form that asks for status 201 gets a document',
      'a form that asks for a redirect is sent there with bucket, key and ETag',
    ],
  },
  {
    reason: 'lifecycle rules that cannot be are refused with another code, or taken',
    cases: [
      'lifecycle rules that do nothing are InvalidRequest and change nothing',
      'lifecycle rules of a time within a day are InvalidArgument and change nothing',
    ],
  },
  {
    reason: 'a policy that is none is refused with another code, or taken',
    cases: [
      'a bucket policy that is no JSON is MalformedPolicy',
      'a bucket policy that has no statement is MalformedPolicy',
      'a bucket policy that is of another bucket is MalformedPolicy',
    ],
  },
  {
    reason: 'a filter of a prefix and one tag is told without its And',
    cases: ['lifecycle rules of tags, dates and uploads come back as they were put'],
  },
]
