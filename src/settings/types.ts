import { z } from 'zod'

const MB = 1024 * 1024

/** A whole number of a unit, within bounds. */
export const whole = (fallback: number, min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,10}$/, `a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `a whole number from ${min} to ${max}`)
    .default(fallback)

/** The same in megabytes; what comes out is bytes. */
export const megabytes = (fallback: number, min: number, max: number) =>
  whole(fallback, min, max).transform((count) => count * MB)

/** 0: any free one. */
export const port = (fallback: number) => whole(fallback, 0, 65_535)

/** An address of http or https. */
export const url = z.url({ protocol: /^https?$/, error: 'an address such as https://s3.example.com' })

/** Nothing but `true` and `false`. */
export const flag = z
  .enum(['true', 'false'], { error: 'true or false' })
  .transform((value) => value === 'true')

/** Entries between commas, without the spaces around them; empty ones are left out. */
export const list = z.string().transform((text) =>
  text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== ''),
)

/** A prefix of keys, or `*`. */
export const prefix = z
  .string()
  .regex(/^(?:\*|[^*]*[^*/]\/)$/, 'prefixes that end in /, such as items/,photos/, or * for all')

/** As it stands in a header that the distribution adds. */
export const originSecret = z
  .string()
  .regex(/^[\x21-\x7e]{16,1783}$/, 'secrets of 16 to 1783 visible ASCII characters, separated by commas')

/** A key to sign with. */
export const secret = z.string().min(16, 'keys of at least 16 characters, separated by commas')
