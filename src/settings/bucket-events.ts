import { z } from 'zod'
import { list, originSecret, url } from './types.ts'

/** How Halftone hears of what others change in the bucket. */
export const bucketEventSettings = {
  HALFTONE_BUCKET_EVENTS_QUEUE_URL: url.optional(),
  AWS_ENDPOINT_URL_SQS: url.optional(),
  HALFTONE_BUCKET_EVENTS_TOPIC_ARN: z
    .string()
    .regex(
      /^arn:(?:aws|aws-cn|aws-us-gov):sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/,
      'a topic such as arn:aws:sns:us-east-1:123456789012:pictures',
    )
    .optional(),
  HALFTONE_BUCKET_EVENTS_SECRETS: list.pipe(z.array(originSecret)).default([]),
}
