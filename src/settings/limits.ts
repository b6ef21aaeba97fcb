import { z } from 'zod'
import { whole } from './types.ts'

/** How often people may do what is dear, and who they are counted as. */
export const limitSettings = {
  HALFTONE_LIMIT_TICKETS: whole(120, 0, 1_000_000),
  HALFTONE_LIMIT_COMPLETES: whole(120, 0, 1_000_000),
  HALFTONE_LIMIT_PRIVATE_RENDERS: whole(300, 0, 1_000_000),
  HALFTONE_LIMIT_USERS_PER_ADDRESS: whole(5, 1, 100_000),
  HALFTONE_REDIS_URL: z
    .url({ protocol: /^rediss?$/, error: 'an address such as redis://cache.internal:6379' })
    .optional(),
  HALFTONE_TRUSTED_HOPS: whole(0, 0, 10),
}
