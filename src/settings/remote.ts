import { z } from 'zod'
import { parseAllowedSource } from '../remote/allowed-sources.ts'
import { list, megabytes, url, whole } from './types.ts'

const SERVERS =
  'servers such as images.example.com, *.example.com, example.com:8443 or example.com/photos/, with commas, or *'
const bareAddress = 'an address without a path, such as https://www.example.com'

/** Which other servers sources may lie on, and what they may take. */
export const remoteSettings = {
  HALFTONE_REMOTE_SOURCES: list.transform(servers).default([]),
  HALFTONE_SITE_ORIGIN: url
    .transform((text) => text.replace(/\/+$/, ''))
    .refine((text) => URL.canParse(text) && new URL(text).origin === text, bareAddress)
    .optional(),
  HALFTONE_REMOTE_CONNECTIONS: whole(128, 1, 10_000),
  HALFTONE_REMOTE_CONNECT_TIMEOUT_MS: whole(2_000, 50, 30_000),
  HALFTONE_REMOTE_TIMEOUT_MS: whole(4_500, 50, 60_000),
  HALFTONE_REMOTE_MAX_REDIRECTS: whole(3, 0, 10),
  HALFTONE_REMOTE_MEMORY_MB: megabytes(64, 0, 100_000),
  HALFTONE_REMOTE_KEEP_DAYS: whole(30, 1, 3_650),
}

type Settings = z.infer<z.ZodObject<typeof remoteSettings>> &
  OwnAddresses & { readonly HALFTONE_FETCH_TIMEOUT_MS: number }

interface OwnAddresses {
  readonly HALFTONE_CDN_URL?: string | undefined
  readonly HALFTONE_PUBLIC_URL?: string | undefined
  readonly HALFTONE_HOST_PREFIXES: ReadonlyMap<string, string>
}

/** The hosts, with their ports, where the gateway itself is reached. */
export function ownHostsOf(settings: OwnAddresses): readonly string[] {
  const { HALFTONE_CDN_URL: edge, HALFTONE_PUBLIC_URL: gateway, HALFTONE_HOST_PREFIXES: hosts } = settings
  return [
    ...hosts.keys(),
    ...[edge, gateway].flatMap((url) => (url === undefined ? [] : [new URL(url).host])),
  ]
}

/** Whether sources may lie on another server at all. */
export function hasRemoteSources(
  settings: Pick<Settings, 'HALFTONE_REMOTE_SOURCES' | 'HALFTONE_SITE_ORIGIN'>,
): boolean {
  return settings.HALFTONE_REMOTE_SOURCES.length > 0 || settings.HALFTONE_SITE_ORIGIN !== undefined
}

/** What these settings say that cannot all be meant. */
export function remoteContradictions(settings: Settings): string[] {
  const faults: string[] = []
  const { HALFTONE_REMOTE_TIMEOUT_MS: remote, HALFTONE_FETCH_TIMEOUT_MS: whole } = settings
  if (hasRemoteSources(settings) && remote >= whole) {
    faults.push(
      `HALFTONE_REMOTE_TIMEOUT_MS: must be below HALFTONE_FETCH_TIMEOUT_MS (${whole}), which ends it otherwise`,
    )
  }
  const { HALFTONE_SITE_ORIGIN: site } = settings
  if (site !== undefined && ownHostsOf(settings).includes(new URL(site).host)) {
    faults.push('HALFTONE_SITE_ORIGIN: is where this gateway is reached; name the server behind it')
  }
  return faults
}

function servers(entries: readonly string[], context: z.RefinementCtx) {
  const parsed = entries.flatMap((entry) => parseAllowedSource(entry) ?? [])
  if (parsed.length === entries.length) return parsed
  context.addIssue({ code: 'custom', message: SERVERS })
  return z.NEVER
}
