import { BlockList, isIP, isIPv4 } from 'node:net'
import { isOriginSecret, ORIGIN_SECRET_HEADER } from '../cdn/origin-secret.ts'

/** All addresses that begin with the same bits. */
export interface Network {
  readonly address: string
  readonly bits: number
}

export interface ClientAddressOptions {
  /** Proxies of ours between the distribution, or the client, and this process: each adds one address. */
  readonly trustedHops: number
  /** Networks of such proxies, for those whose number is not always the same. */
  readonly trustedProxies?: readonly Network[] | undefined
  readonly originSecrets: readonly string[]
  /** Whether the distribution always writes the viewer's address itself, so that no viewer can. */
  readonly edgeTellsViewer?: boolean | undefined
}

/** Tells who is at the far end of a request. */
export type ReadClientAddress = (headers: Headers, socketAddress: string | undefined) => string | undefined

/** What the edge says of the far end of its own connection: an address, and always a port. */
const VIEWER_HEADER = 'cloudfront-viewer-address'

/**
 * Reads the client's address: that of the socket, or the entry of `X-Forwarded-For` that the first proxy which we trust
 * has added. A request that shows an origin secret has come through the distribution, which is one proxy more, and may
 * say the address itself. What stands further to the left anybody can have written.
 */
export function createReadClientAddress(options: ClientAddressOptions): ReadClientAddress {
  const { trustedHops, trustedProxies = [], originSecrets, edgeTellsViewer = false } = options
  const isTrusted = createIsTrusted(trustedProxies)

  return function readClientAddress(headers, socketAddress) {
    const fromEdge = isOriginSecret(headers.get(ORIGIN_SECRET_HEADER), originSecrets)
    const told = fromEdge && edgeTellsViewer ? parseViewerAddress(headers.get(VIEWER_HEADER)) : undefined
    if (told !== undefined) return told
    const forwarded = headers.get('x-forwarded-for')?.split(',') ?? []
    const chain = [...forwarded.map((entry) => entry.trim()), socketAddress ?? '']
    let at = chain.length - 1 - trustedHops
    while (at > 0 && isTrusted(chain[at] ?? '')) at -= 1
    if (fromEdge) at -= 1
    const claimed = chain[Math.max(0, at)] ?? ''
    return isIP(claimed) === 0 ? socketAddress : claimed
  }
}

/** `192.0.2.1:46532`, `2001:db8::1:46532` or `[2001:db8::1]:46532`; `undefined` for anything else. */
export function parseViewerAddress(value: string | null): string | undefined {
  const [, inBrackets, bare] = /^(?:\[([^\]]+)\]|(.+)):\d{1,5}$/.exec(value ?? '') ?? []
  const address = inBrackets ?? bare
  return address !== undefined && isIP(address) !== 0 ? address : undefined
}

function createIsTrusted(networks: readonly Network[]): (address: string) => boolean {
  const list = new BlockList()
  for (const { address, bits } of networks) list.addSubnet(address, bits, familyOf(address))
  return (address) => networks.length > 0 && isIP(address) !== 0 && list.check(address, familyOf(address))
}

const familyOf = (address: string) => (isIPv4(address) ? 'ipv4' : 'ipv6')

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
