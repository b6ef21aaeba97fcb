import { z } from 'zod'
import { flag, url, whole } from './types.ts'

/** Which bucket, and how to reach it. */
export const bucketSettings = {
  HALFTONE_BUCKET: z.string().min(3, 'the name of a bucket').optional(),
  AWS_REGION: z.string().default('us-east-1'),
  AWS_ENDPOINT_URL_S3: url.optional(),
  AWS_ACCESS_KEY_ID: z.string().optional(),
  AWS_SECRET_ACCESS_KEY: z.string().optional(),
  AWS_SESSION_TOKEN: z.string().optional(),
  HALFTONE_S3_FORCE_PATH_STYLE: flag.optional(),
  HALFTONE_S3_PUBLIC_ENDPOINT: url.optional(),
  HALFTONE_S3_SSE: z.enum(['none', 's3', 'kms'], { error: 'none, s3, kms' }).default('none'),
  HALFTONE_S3_KMS_KEY_ID: z.string().min(1).max(2048).optional(),
  HALFTONE_S3_CONNECTIONS: whole(128, 1, 10_000),
  HALFTONE_S3_TIMEOUT_MS: whole(5_000, 100, 60_000),
  HALFTONE_S3_ATTEMPTS: whole(3, 1, 10),
}
