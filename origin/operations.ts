import { createBucket } from './buckets/create-bucket.ts'
import { deleteBucket } from './buckets/delete-bucket.ts'
import { getBucketLocation } from './buckets/get-bucket-location.ts'
import { getBucketVersioning } from './buckets/get-bucket-versioning.ts'
import { headBucket } from './buckets/head-bucket.ts'
import { listBuckets } from './buckets/list-buckets.ts'
import { listObjects } from './buckets/list-objects.ts'
import { listObjectsV2 } from './buckets/list-objects-v2.ts'
import { deleteBucketCors } from './cors/delete-bucket-cors.ts'
import { getBucketCors } from './cors/get-bucket-cors.ts'
import { putBucketCors } from './cors/put-bucket-cors.ts'
import { deleteBucketLifecycle } from './lifecycle/delete-bucket-lifecycle.ts'
import { getBucketLifecycle } from './lifecycle/get-bucket-lifecycle.ts'
import { putBucketLifecycle } from './lifecycle/put-bucket-lifecycle.ts'
import { abortMultipartUpload } from './multipart/abort-multipart-upload.ts'
import { completeMultipartUpload } from './multipart/complete-multipart-upload.ts'
import { createMultipartUpload } from './multipart/create-multipart-upload.ts'
import { listMultipartUploads } from './multipart/list-multipart-uploads.ts'
import { listParts } from './multipart/list-parts.ts'
import { uploadPartCopy } from './multipart/upload-part-copy.ts'
import { uploadPart } from './multipart/upload-part.ts'
import { copyObject } from './objects/copy-object.ts'
import { deleteObject } from './objects/delete-object.ts'
import { deleteObjectTagging } from './tagging/delete-object-tagging.ts'
import { deleteObjects } from './objects/delete-objects.ts'
import { getObject, headObject } from './objects/get-object.ts'
import { getObjectAttributes } from './objects/get-object-attributes.ts'
import { getObjectTagging } from './tagging/get-object-tagging.ts'
import { putObject } from './objects/put-object.ts'
import { putObjectTagging } from './tagging/put-object-tagging.ts'
import type { Operation } from './operation.ts'
import { deleteBucketPolicy } from './policy/delete-bucket-policy.ts'
import { getBucketPolicy, getBucketPolicyStatus } from './policy/get-bucket-policy.ts'
import { putBucketPolicy } from './policy/put-bucket-policy.ts'
import { RESPONSE_OVERRIDES } from './protocol/stored-headers.ts'

const LISTING = [
  'prefix',
  'delimiter',
  'max-keys',
  'continuation-token',
  'start-after',
  'encoding-type',
  'fetch-owner',
]

const PART = ['partNumber', 'uploadId']

const MULTIPART: readonly Operation[] = [
  {
    name: 'CreateMultipartUpload',
    method: 'POST',
    scope: 'object',
    requires: ['uploads'],
    honours: ['x-amz-tagging'],
    run: createMultipartUpload,
  },
  {
    name: 'UploadPartCopy',
    method: 'PUT',
    scope: 'object',
    requires: PART,
    header: 'x-amz-copy-source',
    run: uploadPartCopy,
  },
  { name: 'UploadPart', method: 'PUT', scope: 'object', requires: PART, run: uploadPart },
  {
    name: 'CompleteMultipartUpload',
    method: 'POST',
    scope: 'object',
    requires: ['uploadId'],
    run: completeMultipartUpload,
  },
  {
    name: 'AbortMultipartUpload',
    method: 'DELETE',
    scope: 'object',
    requires: ['uploadId'],
    run: abortMultipartUpload,
  },
  {
    name: 'ListParts',
    method: 'GET',
    scope: 'object',
    requires: ['uploadId'],
    allows: ['max-parts', 'part-number-marker'],
    run: listParts,
  },
  {
    name: 'ListMultipartUploads',
    method: 'GET',
    scope: 'bucket',
    requires: ['uploads'],
    allows: ['prefix', 'delimiter', 'key-marker', 'upload-id-marker', 'max-uploads', 'encoding-type'],
    run: listMultipartUploads,
  },
]

/** Everything that this server does; the first row that fits a request serves it. */
export const OPERATIONS: readonly Operation[] = [
  { name: 'ListBuckets', method: 'GET', scope: 'service', run: listBuckets },
  { name: 'CreateBucket', method: 'PUT', scope: 'bucket', run: createBucket },
  { name: 'HeadBucket', method: 'HEAD', scope: 'bucket', run: headBucket },
  { name: 'DeleteBucket', method: 'DELETE', scope: 'bucket', run: deleteBucket },
  {
    name: 'GetBucketLocation',
    method: 'GET',
    scope: 'bucket',
    requires: ['location'],
    run: getBucketLocation,
  },
  {
    name: 'ListObjectsV2',
    method: 'GET',
    scope: 'bucket',
    requires: ['list-type'],
    allows: LISTING,
    run: listObjectsV2,
  },
  {
    name: 'ListObjects',
    method: 'GET',
    scope: 'bucket',
    allows: ['prefix', 'delimiter', 'max-keys', 'marker', 'encoding-type'],
    run: listObjects,
  },
  {
    name: 'GetBucketVersioning',
    method: 'GET',
    scope: 'bucket',
    requires: ['versioning'],
    run: getBucketVersioning,
  },
  { name: 'PutBucketCors', method: 'PUT', scope: 'bucket', requires: ['cors'], run: putBucketCors },
  { name: 'GetBucketCors', method: 'GET', scope: 'bucket', requires: ['cors'], run: getBucketCors },
  { name: 'DeleteBucketCors', method: 'DELETE', scope: 'bucket', requires: ['cors'], run: deleteBucketCors },
  {
    name: 'PutBucketLifecycleConfiguration',
    method: 'PUT',
    scope: 'bucket',
    requires: ['lifecycle'],
    run: putBucketLifecycle,
  },
  {
    name: 'GetBucketLifecycleConfiguration',
    method: 'GET',
    scope: 'bucket',
    requires: ['lifecycle'],
    run: getBucketLifecycle,
  },
  {
    name: 'DeleteBucketLifecycle',
    method: 'DELETE',
    scope: 'bucket',
    requires: ['lifecycle'],
    run: deleteBucketLifecycle,
  },
  { name: 'PutBucketPolicy', method: 'PUT', scope: 'bucket', requires: ['policy'], run: putBucketPolicy },
  { name: 'GetBucketPolicy', method: 'GET', scope: 'bucket', requires: ['policy'], run: getBucketPolicy },
  {
    name: 'DeleteBucketPolicy',
    method: 'DELETE',
    scope: 'bucket',
    requires: ['policy'],
    run: deleteBucketPolicy,
  },
  {
    name: 'GetBucketPolicyStatus',
    method: 'GET',
    scope: 'bucket',
    requires: ['policyStatus'],
    run: getBucketPolicyStatus,
  },
  { name: 'DeleteObjects', method: 'POST', scope: 'bucket', requires: ['delete'], run: deleteObjects },
  { name: 'PutObjectTagging', method: 'PUT', scope: 'object', requires: ['tagging'], run: putObjectTagging },
  { name: 'GetObjectTagging', method: 'GET', scope: 'object', requires: ['tagging'], run: getObjectTagging },
  {
    name: 'DeleteObjectTagging',
    method: 'DELETE',
    scope: 'object',
    requires: ['tagging'],
    run: deleteObjectTagging,
  },
  {
    name: 'GetObjectAttributes',
    method: 'GET',
    scope: 'object',
    requires: ['attributes'],
    run: getObjectAttributes,
  },
  {
    name: 'CopyObject',
    method: 'PUT',
    scope: 'object',
    header: 'x-amz-copy-source',
    honours: ['x-amz-tagging', 'x-amz-tagging-directive'],
    run: copyObject,
  },
  { name: 'PutObject', method: 'PUT', scope: 'object', honours: ['x-amz-tagging'], run: putObject },
  { name: 'GetObject', method: 'GET', scope: 'object', allows: RESPONSE_OVERRIDES, run: getObject },
  { name: 'HeadObject', method: 'HEAD', scope: 'object', allows: RESPONSE_OVERRIDES, run: headObject },
  { name: 'DeleteObject', method: 'DELETE', scope: 'object', run: deleteObject },
  ...MULTIPART,
]
