import { hostedVariantTag } from '../cdn/cache-tags.ts'
import { forget } from '../cdn/forget.ts'
import type { Config } from '../config.ts'
import { Account } from '../hosted/account.ts'
import { createHostedImages } from '../hosted/find-images.ts'
import { HostedLibrary } from '../hosted/hosted-library.ts'
import { ImageListing } from '../hosted/list-images.ts'
import { createHostedApi, type HostedApiOptions } from '../hosted-api/api.ts'
import { mintToken } from '../identity/tokens.ts'
import type { Clock } from '../leases/clock.ts'
import type { createLibrary, LibraryOptions } from './library.ts'
import { identityOptionsOf } from './identity.ts'

/** How long variants, keys and the rest of an account are believed without looking again. */
const REMEMBERED_MS = 3_000
const BATCH_TOKEN_MS = 3_600_000

/** Hosted images as whoever shows them sees them. */
export function createHosted({ store, clock }: Pick<LibraryOptions, 'store'> & { readonly clock: Clock }) {
  const account = new Account({ store, rememberMs: REMEMBERED_MS, elapsedMs: () => clock.elapsedMs() })
  return { account, images: createHostedImages({ store, account, now: Date.now }) }
}

/** What is known of hosted images, and what holds for all of them. */
export type Hosted = ReturnType<typeof createHosted>
type Library = Pick<ReturnType<typeof createLibrary>, 'albums' | 'uploads' | 'transfers' | 'assertWritable'>
type Clients = Pick<HostedApiOptions, 'identity' | 'limits' | 'readClientAddress' | 'fetchUrl'>

/** The API of hosted images; `undefined` where no account is configured. */
export function createHostedRoutes(
  options: Pick<LibraryOptions, 'config' | 'log' | 'store' | 'audit' | 'edge'>,
  parts: Library & Clients & Hosted,
) {
  const { config, log, store } = options
  const { HALFTONE_CLOUDFLARE_ACCOUNT: accountId, HALFTONE_CLOUDFLARE_ACCOUNT_HASH: hash } = config
  if (accountId === undefined || hash === undefined) return undefined
  const forgetting = createForgetting(options, hash)
  const maxFileBytes = config.HALFTONE_ITEM_PHOTO_MAX_MB
  const inMemory = Math.max(1, Math.floor(config.HALFTONE_UPLOAD_MEMORY_MB / maxFileBytes))
  const library = new HostedLibrary({
    ...parts,
    store,
    now: Date.now,
    forgetting: forgetting.image,
    onLeftOver: (err, id) => log.warn({ err, id }, 'what came of a refused image could not be removed'),
  })
  return createHostedApi({
    ...parts,
    audit: options.audit,
    accountId,
    library,
    listing: new ImageListing({ store, now: Date.now }),
    imageUrl: createImageUrl(config, hash),
    publicBase: config.HALFTONE_PUBLIC_URL ?? config.HALFTONE_CDN_URL,
    maxFileBytes,
    maxForms: Math.min(inMemory, config.HALFTONE_FORMS_AT_ONCE),
    maxDownloads: Math.max(1, Math.floor(config.HALFTONE_S3_CONNECTIONS / 4)),
    bodyTimeoutMs: config.HALFTONE_BODY_TIMEOUT_MS,
    forgettingAll: forgetting.all,
    forgettingVariant: forgetting.variant,
    mintBatchToken: createBatchTokens(config),
    now: Date.now,
  })
}

/** The path of an image as a variant, below what stands for imagedelivery.net. */
const pathOf = (hash: string, id: string, variant: string): string =>
  `/${hash}/${id.split('/').map(encodeURIComponent).join('/')}/${variant}`

/** What our own host has before these paths. */
export const DELIVERY_MOUNT = '/cdn-cgi/imagedelivery'

function createImageUrl(config: Config, hash: string): (id: string, variant: string) => string {
  const base = config.HALFTONE_CDN_URL ?? config.HALFTONE_PUBLIC_URL ?? ''
  return (id, variant) => `${base}${DELIVERY_MOUNT}${pathOf(hash, id, variant)}`
}

/** The same paths on our own host and on the one that stands for imagedelivery.net. */
const below = (path: string): readonly string[] => [`${DELIVERY_MOUNT}${path}`, path]

/** Makes changes of which only the edge does not hear from the library. */
function createForgetting(
  { config, store, edge: edgePurges }: Pick<LibraryOptions, 'config' | 'store' | 'edge'>,
  hash: string,
) {
  async function forgetting<T>(edge: readonly string[], change: () => Promise<T>): Promise<T> {
    if (edgePurges === undefined || edge.length === 0) return change()
    const made: { readonly result: T }[] = []
    await forget(store, [], async () => void made.push({ result: await change() }), { edge, edgePurges })
    const [first] = made
    if (first === undefined) throw new TypeError('What was forgotten was not changed')
    return first.result
  }
  const isByPaths = config.HALFTONE_PURGE_BY === 'paths'
  const everything = below(`/${hash}/*`)
  return {
    // Where the edge knows tags, it hears of an image by those of its item.
    image: async <T>(id: string, change: () => Promise<T>) =>
      forgetting(isByPaths ? below(pathOf(hash, id, '*')) : [], change),
    all: async <T>(change: () => Promise<T>) => forgetting(everything, change),
    variant: async <T>(name: string, change: () => Promise<T>) =>
      forgetting(isByPaths ? everything : [`#${hostedVariantTag(name)}`], change),
  }
}

function createBatchTokens(config: Config): HostedApiOptions['mintBatchToken'] {
  const options = identityOptionsOf(config)
  if (options.secrets.length === 0) return undefined
  return async (by) => {
    const expiresAt = new Date(Date.now() + BATCH_TOKEN_MS)
    return { token: await mintToken(options, { user: by, roles: ['admin'], expiresAt }), expiresAt }
  }
}
