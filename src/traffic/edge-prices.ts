import { z } from 'zod'
import type { EdgeTraffic } from './edge-traffic.ts'

const price = z.number().nonnegative()

/** What an edge charges. Gigabytes are of 2^30 bytes. */
export const edgePriceTable = z.strictObject({
  name: z.string().min(1),
  currency: z.string().regex(/^[A-Z]{3}$/, 'expected three capital letters, such as USD'),
  perGb: price,
  perTenThousandRequests: price,
  /** Of requests that pass through Origin Shield. */
  perTenThousandShieldRequests: price.default(0),
})

export type EdgePriceTable = z.infer<typeof edgePriceTable>

/** List prices of one region as AWS published them; they change, and free tiers and discounts are not in them. */
export const DEFAULT_EDGE_PRICES: EdgePriceTable = {
  name: 'CloudFront, United States and Europe, first 10 TB, list price',
  currency: 'USD',
  perGb: 0.085,
  perTenThousandRequests: 0.01,
  perTenThousandShieldRequests: 0.009,
}

/** An estimate for what the logs hold, in the currency of the table. */
export interface EdgeCost {
  readonly transfer: number
  readonly requests: number
  /** Nothing where no answer came from Origin Shield; else as if every miss of a location had passed through it. */
  readonly shield: number
  readonly total: number
}

const GB = 2 ** 30

/** What the requests of the logs cost by a table. */
export function edgeCost({ requests, bytes, results }: EdgeTraffic, prices: EdgePriceTable): EdgeCost {
  const hasShield = results.shield.requests > 0
  const shielded = hasShield ? results.shield.requests + results.miss.requests + results.refresh.requests : 0
  const cost = {
    transfer: (bytes / GB) * prices.perGb,
    requests: (requests / 10_000) * prices.perTenThousandRequests,
    shield: (shielded / 10_000) * prices.perTenThousandShieldRequests,
  }
  return { ...cost, total: cost.transfer + cost.requests + cost.shield }
}
