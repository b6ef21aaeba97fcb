import { fileURLToPath } from 'node:url'
import type { Config } from '../config.ts'
import { createFetchUrl } from '../hosted-api/fetch-file.ts'
import { createBrowserFiles } from '../pages/browser-files.ts'
import { createDemoPage, type DemoPage } from '../pages/demo-page.ts'
import { type createClients, createConfiguredApi } from './api.ts'
import { createHostedRoutes, type Hosted } from './hosted.ts'
import type { createAccess } from './identity.ts'
import { createLibrary, type LibraryOptions } from './library.ts'
import { createAskedPurges } from './purging.ts'

/** The compiled browser module. */
const BROWSER_DIR = fileURLToPath(new URL('../../browser/', import.meta.url))

type Clients = ReturnType<typeof createClients> & ReturnType<typeof createAccess>

interface MediaChoices {
  readonly transport?: LibraryOptions['transport'] | undefined
  readonly browserDir?: string | undefined
}

/** The library, its API and what browsers need for it: only where somebody can say who they are. */
export function createMedia(
  options: Omit<LibraryOptions, 'transport'> & { readonly hosted: Hosted },
  clients: Clients,
  { transport, browserDir = BROWSER_DIR }: MediaChoices,
) {
  if (transport === undefined || !hasIdentity(options.config)) return undefined
  const library = createLibrary({ ...options, transport })
  const purges = createAskedPurges(options.config, {
    store: options.store,
    clock: options.clock,
    edge: options.edge,
    onChanged: options.core.forget,
    onFailure: (err, purge) => options.log.error({ err, purge }, 'a purge is announced, but not carried out'),
  })
  return {
    library: {
      ...library,
      async close() {
        await Promise.all([library.close(), purges.close()])
      },
    },
    api: createConfiguredApi(options.config, {
      ...options,
      ...library,
      ...clients,
      purges,
      presigner: transport.presigner,
    }),
    hosted: createHostedRoutes(options, {
      ...library,
      ...clients,
      ...options.hosted,
      fetchUrl: options.core.remote && createFetchUrl(options.core.remote),
    }),
    pages: createBrowserFiles({ dir: browserDir }),
  }
}

/** The demo page, where there is one to show. */
export function createDemo(page: DemoPage | undefined, browserDir: string = BROWSER_DIR) {
  return page && createDemoPage({ page, dir: browserDir })
}

function hasIdentity(config: Config): boolean {
  const { HALFTONE_JWT_SECRETS: secrets, HALFTONE_API_KEYS: keys, HALFTONE_JWT_JWKS_URL: jwks } = config
  return secrets.length > 0 || keys.length > 0 || jwks !== undefined
}
