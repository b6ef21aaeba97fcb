import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { BlockList } from 'node:net'
import { z } from 'zod'

const policySchema = z.strictObject({
  Statement: z.tuple([
    z.strictObject({
      Resource: z.string(),
      Condition: z.strictObject({
        DateLessThan: z.strictObject({ 'AWS:EpochTime': z.int() }),
        DateGreaterThan: z.strictObject({ 'AWS:EpochTime': z.int() }).optional(),
        IpAddress: z.strictObject({ 'AWS:SourceIp': z.string() }).optional(),
      }),
    }),
  ]),
})

/** What the edge knows of our key. */
export interface TrustedKey {
  readonly id: string
  readonly publicPem: string
}

/** A request as the edge sees it. */
export interface Viewed {
  /** With scheme, host and query. */
  readonly url: string
  readonly cookies?: Readonly<Record<string, string>> | undefined
  readonly address?: string
  /** Seconds since 1970. */
  readonly at: number
}

/** A pair of keys, the private one as it stands in the settings. */
export function newEdgeKey(type: 'rsa' | 'ec', id = 'K2JCJMDEHXQW5F') {
  const publicKeyEncoding = { type: 'spki', format: 'pem' } as const
  const privateKeyEncoding = { type: 'pkcs8', format: 'pem' } as const
  const { publicKey, privateKey } =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding, privateKeyEncoding })
      : generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding, privateKeyEncoding })
  return { privateKey, trusted: { id, publicPem: publicKey } }
}

const OWN = new Set(['Expires', 'Policy', 'Signature', 'Key-Pair-Id', 'Hash-Algorithm'])
const text = (base64: string) =>
  Buffer.from(base64.replaceAll('-', '+').replaceAll('_', '=').replaceAll('~', '/'), 'base64')

/**
 * What an edge that trusts this key says to a request, and what it asks the origin for; written after the documentation
 * of signed URLs and cookies, knowing nothing of whoever signs.
 */
export function checkAtEdge(trusted: TrustedKey, viewed: Viewed): { allowed: boolean; forwarded: string } {
  const [bare = '', query = ''] = viewed.url.split('?')
  const pairs = query === '' ? [] : query.split('&')
  const nameOf = (pair: string) => pair.split('=')[0] ?? ''
  const kept = pairs.filter((pair) => !OWN.has(nameOf(pair)))
  const forwarded = kept.length > 0 ? `${bare}?${kept.join('&')}` : bare
  const inQuery = Object.fromEntries(pairs.map((pair) => [nameOf(pair), pair.slice(nameOf(pair).length + 1)]))
  const read = (name: string) => inQuery[name] ?? viewed.cookies?.[`CloudFront-${name}`]
  return { allowed: isAllowed(trusted, { ...viewed, url: forwarded }, read), forwarded }
}

function isAllowed(
  trusted: TrustedKey,
  { url, address = '192.0.2.1', at }: Viewed,
  read: (name: string) => string | undefined,
): boolean {
  const [expires, policy, signature] = [read('Expires'), read('Policy'), read('Signature')]
  const hash = read('Hash-Algorithm') ?? 'SHA1'
  if (signature === undefined || read('Key-Pair-Id') !== trusted.id) return false
  const signed =
    policy === undefined
      ? `{"Statement":[{"Resource":"${url}","Condition":{"DateLessThan":{"AWS:EpochTime":${expires}}}}]}`
      : text(policy).toString()
  if (!/^SHA(?:1|256)$/.test(hash)) return false
  if (!verify(hash, Buffer.from(signed), createPublicKey(trusted.publicPem), text(signature))) return false
  const [{ Resource: resource, Condition: when }] = policySchema.parse(JSON.parse(signed)).Statement
  const isMeant = policy === undefined ? resource === url : matches(resource, url)
  const from = when.DateGreaterThan?.['AWS:EpochTime'] ?? 0
  return (
    isMeant &&
    at < when.DateLessThan['AWS:EpochTime'] &&
    at > from &&
    isFrom(address, when.IpAddress?.['AWS:SourceIp'])
  )
}

/** `*` is any text, `?` any character. */
function matches(resource: string, url: string): boolean {
  const pattern = resource
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${pattern}$`).test(url)
}

function isFrom(address: string, range: string | undefined): boolean {
  if (range === undefined) return true
  const [network = '', bits] = range.split('/')
  const list = new BlockList()
  list.addSubnet(network, Number(bits), 'ipv4')
  return list.check(address, 'ipv4')
}
