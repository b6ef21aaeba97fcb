import { GatewayError } from '../errors.ts'
import { limitedAddress } from './client-address.ts'
import type { LimitName, Limits } from './limits.ts'

export interface Spender {
  /** What tells a principal from all others; `undefined` for somebody who has not said who they are. */
  readonly principal: string | undefined
  /** The client's address. */
  readonly address: string | undefined
  /** Tells the client what is left. */
  readonly setHeader: (name: string, value: string) => void
}

/**
 * Takes one from what somebody has left, and tells them (draft-ietf-httpapi-ratelimit-headers); throws
 * `too_many_requests` when there is nothing left.
 */
export async function spend(limits: Limits, name: LimitName, spender: Spender): Promise<void> {
  const { principal, address, setHeader } = spender
  const left = await limits.take(name, { principal, address: address && limitedAddress(address) })
  if (left === undefined) return
  setHeader('ratelimit-policy', `"${name}";q=${left.quota};w=${left.windowS}`)
  setHeader('ratelimit', `"${name}";r=${left.remaining};t=${left.resetS}`)
  if (left.isGranted) return
  setHeader('retry-after', `${left.resetS}`)
  throw new GatewayError('too_many_requests', `At most ${left.quota} in ${left.windowS} s`)
}
