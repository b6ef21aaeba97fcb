import { isIP } from 'node:net'
import { z } from 'zod'
import { flag, list, megabytes, whole } from './types.ts'

const NETWORKS = 'addresses and networks such as 10.0.0.0/8 or fd00::/8, with commas'

const networks = list
  .transform((entries, context) => {
    const parsed = entries.flatMap((entry) => parseNetwork(entry) ?? [])
    if (parsed.length === entries.length) return parsed
    context.addIssue({ code: 'custom', message: NETWORKS })
    return z.NEVER
  })
  .default([])

function parseNetwork(text: string): { address: string; bits: number } | undefined {
  const [address = '', prefix, ...rest] = text.split('/')
  const length = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
  const bits = prefix === undefined ? length : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1
  return rest.length === 0 && bits >= 0 && bits <= length ? { address, bits } : undefined
}

/** How often people may do what is dear, and who they are counted as. */
export const limitSettings = {
  HALFTONE_LIMIT_TICKETS: whole(120, 0, 1_000_000),
  HALFTONE_LIMIT_COMPLETES: whole(120, 0, 1_000_000),
  HALFTONE_LIMIT_PRIVATE_RENDERS: whole(300, 0, 1_000_000),
  HALFTONE_LIMIT_USERS_PER_ADDRESS: whole(5, 1, 100_000),
  HALFTONE_OFF_LADDER_PER_CLIENT: whole(120, 0, 100_000),
  HALFTONE_OFF_LADDER_PER_SOURCE: whole(60, 0, 100_000),
  HALFTONE_OFF_LADDER_STORED: whole(32, 0, 500),
  HALFTONE_VARIED_STORED: whole(200, 0, 500),
  HALFTONE_REDIS_URL: z
    .url({ protocol: /^rediss?$/, error: 'an address such as redis://cache.internal:6379' })
    .optional(),
  HALFTONE_MAX_CONNECTIONS: whole(4_096, 16, 1_000_000),
  HALFTONE_UNSENT_MB: megabytes(512, 1, 100_000),
  HALFTONE_TRUSTED_HOPS: whole(0, 0, 10),
  HALFTONE_TRUSTED_PROXIES: networks,
  HALFTONE_EDGE_TELLS_VIEWER: flag.default(false),
}

/** How much the library takes, and when it is swept. */
export const librarySettings = {
  HALFTONE_ITEM_PHOTOS_MAX: whole(24, 1, 1_000),
  HALFTONE_DOCUMENTS_MAX: whole(20, 1, 1_000),
  HALFTONE_SWEEP_INTERVAL_HOURS: whole(24, 0, 8_760),
  HALFTONE_SWEEP_DELETES: flag.default(false),
}

/** Whether figures are written to the log for CloudWatch. */
export const figuresSettings = {
  HALFTONE_EMF_NAMESPACE: z
    .string()
    .regex(
      /^(?!AWS\/)[A-Za-z0-9._/#:-]{1,255}$/,
      'up to 255 of A-Z a-z 0-9 . _ / # : -, not beginning with AWS/',
    )
    .optional(),
}
