import { z } from 'zod'
import { megabytes, whole } from './types.ts'

const accepted = 'host:port or unix:/path of its socket'
const network = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/\s]+)):(\d{1,5})$/i

/** The virus scanner that uploads are shown to. */
export const clamdSettings = {
  HALFTONE_CLAMD: z.string().transform(address).optional(),
  HALFTONE_CLAMD_TIMEOUT_MS: whole(10_000, 100, 120_000),
  HALFTONE_CLAMD_MAX_MB: megabytes(25, 1, 4_000),
}

function address(text: string, context: z.RefinementCtx): { host: string; port: number } | { path: string } {
  if (text.startsWith('unix:/')) return { path: text.slice('unix:'.length) }
  const [, inBrackets, name, digits] = network.exec(text) ?? []
  const host = inBrackets ?? name
  const port = Number(digits)
  if (host !== undefined && port >= 1 && port <= 65_535) return { host, port }
  context.addIssue({ code: 'custom', message: accepted })
  return z.NEVER
}
