import { z } from 'zod'
import { list } from './types.ts'

const MOUNTS = 'none, or paths such as /cdn-cgi/image,/images that do not end in / and are not our own'
const PREFIXES = 'hosts and prefixes such as a.example.com=shop-a/,b.example.com=shop-b/'

const MOUNT = /^(?!\/(?:img|simg|api|events|private|livez|readyz)(?:\/|$))(?:\/[A-Za-z0-9][A-Za-z0-9._~-]*)+$/
const HOST_PREFIX = /^(?<host>[a-z0-9][a-z0-9.-]*(?::\d{1,5})?)=(?<prefix>[^/*=][^*]*\/)$/i

const mounts = list
  .transform((entries) => (entries.length === 1 && entries[0] === 'none' ? [] : entries))
  .pipe(z.array(z.string().regex(MOUNT, MOUNTS)))

const hostPrefixes = list.pipe(z.array(z.string().regex(HOST_PREFIX, PREFIXES))).transform(
  (entries): ReadonlyMap<string, string> =>
    new Map(
      entries.map((entry) => {
        const { host = '', prefix = '' } = HOST_PREFIX.exec(entry)?.groups ?? {}
        return [host.toLowerCase(), prefix]
      }),
    ),
)

/** Where Cloudflare's URLs are answered, and what their hosts stand for in the bucket. */
export const cloudflareSettings = {
  HALFTONE_CLOUDFLARE_MOUNTS: mounts.default(['/cdn-cgi/image']),
  HALFTONE_HOST_PREFIXES: hostPrefixes.default(new Map()),
}
