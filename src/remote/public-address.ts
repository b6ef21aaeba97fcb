import { BlockList, isIP } from 'node:net'

/** Networks of IPv4 that are not the public internet, by IANA's registry of special addresses. */
const SPECIAL_IPV4: readonly (readonly [network: string, bits: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  // Where clouds tell machines their credentials, among others.
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  // Public by the registry, but in Azure the platform's own server.
  ['168.63.129.16', 32],
]

/** The only part of IPv6 that is given out: outside lie loopback, private, link-local, mapped, compatible and NAT64. */
const GIVEN_OUT_IPV6 = ['2000::', 3] as const

/** What of it is none of the public internet, Teredo (in `2001::/23`) and 6to4 among it: they stand for an IPv4 address. */
const SPECIAL_IPV6: readonly (readonly [network: string, bits: number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
]

const special = new BlockList()
for (const [network, bits] of SPECIAL_IPV4) special.addSubnet(network, bits, 'ipv4')
for (const [network, bits] of SPECIAL_IPV6) special.addSubnet(network, bits, 'ipv6')

const givenOut = new BlockList()
givenOut.addSubnet(...GIVEN_OUT_IPV6, 'ipv6')

/** Whether an address, as the system spells it, is one of the public internet; false for what is no address. */
export function isPublicAddress(address: string): boolean {
  // A zone makes it one of this link.
  if (address.includes('%')) return false
  const family = isIP(address)
  if (family === 4) return !special.check(address, 'ipv4')
  return family === 6 && givenOut.check(address, 'ipv6') && !special.check(address, 'ipv6')
}
