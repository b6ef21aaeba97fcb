import { z } from 'zod'

const price = z.number().nonnegative()

/** A part of the stored gigabytes (2^30 bytes, as AWS counts them) and what each of it costs a month. */
const tier = z.strictObject({
  /** Up to so many gigabytes in all; only the last tier has no end. */
  upToGb: z.number().positive().optional(),
  perGbMonth: price,
})

const storage = z
  .array(tier)
  .min(1)
  .refine(
    (tiers) => tiers.every(({ upToGb }, index) => (upToGb === undefined) === (index === tiers.length - 1)),
    'all tiers but the last need upToGb',
  )
  .refine((tiers) => tiers.every(({ upToGb = Infinity }, index) => upToGb > endOf(tiers, index - 1)), {
    error: 'upToGb must grow from tier to tier',
  })

/** What a store charges, and how many requests a month it gets: a listing does not tell that. */
export const priceTable = z.strictObject({
  name: z.string().min(1),
  currency: z.string().regex(/^[A-Z]{3}$/, 'expected three capital letters, such as USD'),
  storage,
  putsPerThousand: price.default(0),
  getsPerThousand: price.default(0),
  putsPerMonth: price.default(0),
  getsPerMonth: price.default(0),
})

export type PriceTable = z.infer<typeof priceTable>

/** List prices as AWS published them for one region; they change, and discounts and taxes are not in them. */
export const DEFAULT_PRICES: PriceTable = {
  name: 'S3 Standard, us-east-1, list price',
  currency: 'USD',
  storage: [
    { upToGb: 50 * 1024, perGbMonth: 0.023 },
    { upToGb: 500 * 1024, perGbMonth: 0.022 },
    { perGbMonth: 0.021 },
  ],
  putsPerThousand: 0.005,
  getsPerThousand: 0.0004,
  putsPerMonth: 0,
  getsPerMonth: 0,
}

/** An estimate for one month, in the currency of the table. */
export interface MonthlyCost {
  readonly storage: number
  readonly requests: number
  readonly total: number
}

const GB = 2 ** 30

/** What storing so many bytes for a month costs, with the requests that the table names. */
export function monthlyCost(bytes: number, prices: PriceTable): MonthlyCost {
  const gigabytes = bytes / GB
  const storage = prices.storage.reduce((cost, { upToGb = Infinity, perGbMonth }, index) => {
    const inTier = Math.min(gigabytes, upToGb) - endOf(prices.storage, index - 1)
    return cost + Math.max(0, inTier) * perGbMonth
  }, 0)
  const { putsPerMonth, putsPerThousand, getsPerMonth, getsPerThousand } = prices
  const requests = (putsPerMonth * putsPerThousand + getsPerMonth * getsPerThousand) / 1000
  return { storage, requests, total: storage + requests }
}

/** Where a tier ends; the one before the first ends at nothing. */
function endOf(tiers: readonly z.infer<typeof tier>[], index: number): number {
  return index < 0 ? 0 : (tiers[index]?.upToGb ?? Infinity)
}
