import { isIP, isIPv4 } from 'node:net'
import { isOriginSecret, ORIGIN_SECRET_HEADER } from '../cdn/origin-secret.ts'

export interface ClientAddressOptions {
  /** Proxies of ours between the distribution, or the client, and this process: each adds one address. */
  readonly trustedHops: number
  readonly originSecrets: readonly string[]
}

/** Tells who is at the far end of a request. */
export type ReadClientAddress = (headers: Headers, socketAddress: string | undefined) => string | undefined

/**
 * Reads the client's address: that of the socket, or the entry of `X-Forwarded-For` that the first proxy which we trust
 * has added. A request that shows an origin secret has come through the distribution, which is one proxy more; what
 * stands further to the left anybody can have written.
 */
export function createReadClientAddress(options: ClientAddressOptions): ReadClientAddress {
  const { trustedHops, originSecrets } = options
  return function readClientAddress(headers, socketAddress) {
    const fromEdge = isOriginSecret(headers.get(ORIGIN_SECRET_HEADER), originSecrets)
    const hops = trustedHops + (fromEdge ? 1 : 0)
    const forwarded = (headers.get('x-forwarded-for') ?? '').split(',').map((entry) => entry.trim())
    const claimed = hops === 0 ? undefined : forwarded.at(-Math.min(hops, forwarded.length))
    return claimed !== undefined && isIP(claimed) !== 0 ? claimed : socketAddress
  }
}

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

/** What an address is counted as: a network of IPv6 is one client, which may take any of its addresses. */
export function limitedAddress(address: string): string {
  const [, mapped = address] = MAPPED.exec(address) ?? []
  if (isIPv4(mapped) || isIP(mapped) === 0) return mapped
  return `${expand(mapped).slice(0, 4).join(':')}::/64`
}

/** The eight groups of an IPv6 address, without its zone. */
function expand(address: string): string[] {
  const [bare = ''] = address.split('%')
  const [head = '', tail] = bare.split('::')
  const [first, last] = [groups(head), groups(tail ?? '')]
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length)
  const all = [...first, ...Array.from({ length: zeros }, () => '0'), ...last]
  return all.map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
}

const groups = (text: string): string[] => (text === '' ? [] : text.split(':'))
