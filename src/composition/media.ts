import { fileURLToPath } from 'node:url'
import type { Config } from '../config.ts'
import { createBrowserFiles } from '../pages/browser-files.ts'
import { type createClients, createConfiguredApi } from './api.ts'
import type { createAccess } from './identity.ts'
import { createLibrary, type LibraryOptions } from './library.ts'

/** The compiled browser module. */
const BROWSER_DIR = fileURLToPath(new URL('../../browser/', import.meta.url))

type Clients = ReturnType<typeof createClients> & ReturnType<typeof createAccess>

interface MediaChoices {
  readonly transport?: LibraryOptions['transport'] | undefined
  readonly browserDir?: string | undefined
  readonly samplesPage?: unknown
}

/** The library, its API and what browsers need for it: only where somebody can say who they are. */
export function createMedia(
  options: Omit<LibraryOptions, 'transport'>,
  clients: Clients,
  { transport, browserDir = BROWSER_DIR, samplesPage }: MediaChoices,
) {
  if (transport === undefined || !hasIdentity(options.config)) return undefined
  const library = createLibrary({ ...options, transport })
  return {
    library,
    api: createConfiguredApi(options.config, {
      ...options,
      ...library,
      ...clients,
      presigner: transport.presigner,
    }),
    pages: createBrowserFiles({ dir: browserDir, hasDemo: samplesPage !== undefined }),
  }
}

function hasIdentity(config: Config): boolean {
  const { HALFTONE_JWT_SECRETS: secrets, HALFTONE_API_KEYS: keys, HALFTONE_JWT_JWKS_URL: jwks } = config
  return secrets.length > 0 || keys.length > 0 || jwks !== undefined
}
