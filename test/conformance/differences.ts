/** Cases in which a server is known to do otherwise than S3, for one reason. */
export interface Difference {
  readonly reason: string
  readonly cases: readonly string[]
}

/**
 * What servers that we did not write do otherwise: Ceph RGW 16.2.15, LocalStack 4.13.1 and moto 5.2.5. A difference that
 * vanishes fails the run.
 */
export const DIFFERENCES: Readonly<Record<string, readonly Difference[]>> = {
  ceph: [
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
        'x-amz-checksum-crc32 is verified, stored and told with PUT, GET and HEAD',
        'x-amz-checksum-crc32 that is wrong is BadDigest and changes nothing',
        'x-amz-checksum-crc32 that is none is InvalidRequest',
        'x-amz-checksum-crc32 as a trailer is verified and told',
        'x-amz-checksum-crc32 as a trailer that is wrong is BadDigest and changes nothing',
        'x-amz-checksum-crc32c is verified, stored and told with PUT, GET and HEAD',
        'x-amz-checksum-crc32c that is wrong is BadDigest and changes nothing',
        'x-amz-checksum-crc32c that is none is InvalidRequest',
        'x-amz-checksum-crc32c as a trailer is verified and told',
        'x-amz-checksum-crc32c as a trailer that is wrong is BadDigest and changes nothing',
        'x-amz-checksum-crc64nvme is verified, stored and told with PUT, GET and HEAD',
        'x-amz-checksum-crc64nvme that is wrong is BadDigest and changes nothing',
        'x-amz-checksum-crc64nvme that is none is InvalidRequest',
        'x-amz-checksum-crc64nvme as a trailer is verified and told',
        'x-amz-checksum-crc64nvme as a trailer that is wrong is BadDigest and changes nothing',
        'x-amz-checksum-sha1 is verified, stored and told with PUT, GET and HEAD',
        'x-amz-checksum-sha1 that is wrong is BadDigest and changes nothing',
        'x-amz-checksum-sha1 that is none is InvalidRequest',
        'x-amz-checksum-sha1 as a trailer is verified and told',
        'x-amz-checksum-sha1 as a trailer that is wrong is BadDigest and changes nothing',
        'x-amz-checksum-sha256 is verified, stored and told with PUT, GET and HEAD',
        'x-amz-checksum-sha256 that is wrong is BadDigest and changes nothing',
        'x-amz-checksum-sha256 that is none is InvalidRequest',
        'x-amz-checksum-sha256 as a trailer is verified and told',
        'x-amz-checksum-sha256 as a trailer that is wrong is BadDigest and changes nothing',
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
  ],
  localstack: [
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
      reason:
        'an upload that is refused for its checksum has by then overwritten the bytes of the old object',
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
  ],
  moto: [
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
      reason:
        'neither checksums nor the hash of a body are verified, and checksums as plain headers not kept',
      cases: [
        'x-amz-checksum-crc32 is verified, stored and told with PUT, GET and HEAD',
        'x-amz-checksum-crc32 that is wrong is BadDigest and changes nothing',
        'x-amz-checksum-crc32 that is none is InvalidRequest',
        'x-amz-checksum-crc32 as a trailer is verified and told',
        'x-amz-checksum-crc32 as a trailer that is wrong is BadDigest and changes nothing',
        'x-amz-checksum-crc32c is verified, stored and told with PUT, GET and HEAD',
        'x-amz-checksum-crc32c that is wrong is BadDigest and changes nothing',
        'x-amz-checksum-crc32c that is none is InvalidRequest',
        'x-amz-checksum-crc32c as a trailer is verified and told',
        'x-amz-checksum-crc32c as a trailer that is wrong is BadDigest and changes nothing',
        'x-amz-checksum-crc64nvme is verified, stored and told with PUT, GET and HEAD',
        'x-amz-checksum-crc64nvme that is wrong is BadDigest and changes nothing',
        'x-amz-checksum-crc64nvme that is none is InvalidRequest',
        'x-amz-checksum-crc64nvme as a trailer is verified and told',
        'x-amz-checksum-crc64nvme as a trailer that is wrong is BadDigest and changes nothing',
        'x-amz-checksum-sha1 is verified, stored and told with PUT, GET and HEAD',
        'x-amz-checksum-sha1 that is wrong is BadDigest and changes nothing',
        'x-amz-checksum-sha1 that is none is InvalidRequest',
        'x-amz-checksum-sha1 as a trailer is verified and told',
        'x-amz-checksum-sha1 as a trailer that is wrong is BadDigest and changes nothing',
        'x-amz-checksum-sha256 is verified, stored and told with PUT, GET and HEAD',
        'x-amz-checksum-sha256 that is wrong is BadDigest and changes nothing',
        'x-amz-checksum-sha256 that is none is InvalidRequest',
        'x-amz-checksum-sha256 as a trailer is verified and told',
        'x-amz-checksum-sha256 as a trailer that is wrong is BadDigest and changes nothing',
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
  ],
}
