import type { Config } from '../config.ts'
import { identityOptionsOf } from '../composition/identity.ts'
import { mintToken } from '../identity/tokens.ts'
import { FILE_TYPES } from '../media/kinds.ts'
import { listPublicPictures } from '../media/public-pictures.ts'
import { sampleTitle } from '../media/samples.ts'
import type { DemoPage, UploadForm } from '../pages/demo-page.ts'
import type { ObjectStore } from '../storage/object-store.ts'

/** At most so many items on the page. */
const MAX_SHOWN = 50

/** The page that only shows what everybody may see of the bucket: whoever opens it is given nothing else. */
export function showingPage(store: ObjectStore): DemoPage {
  return {
    async list() {
      const found = await listPublicPictures(store, MAX_SHOWN)
      return found.map(({ path, cover }) => ({ ...cover, path, title: sampleTitle(path) ?? path }))
    },
  }
}

/** The same page with a form that uploads to the bucket, in the name of a user who is there for that. */
export function demoPage(store: ObjectStore, config: Config): DemoPage {
  return { ...showingPage(store), upload: uploadForm(config) }
}

/** The item and the user of the page's own form. */
const DEMO = { itemId: 'demo-upload', user: 'demo' } as const
const DEMO_TOKEN_MS = 3_600_000

function uploadForm(config: Config): UploadForm | undefined {
  const bucketUrl = config.HALFTONE_S3_PUBLIC_ENDPOINT ?? config.AWS_ENDPOINT_URL_S3
  // Tokens that somebody else gives out cannot be made here.
  if (bucketUrl === undefined || config.HALFTONE_JWT_SECRETS.length === 0) return undefined
  return {
    itemId: DEMO.itemId,
    contentTypes: config.HALFTONE_ITEM_PHOTO_FORMATS.map((format) => FILE_TYPES[format].contentType),
    bucketOrigin: new URL(bucketUrl).origin,
    demoToken: async () => {
      const expiresAt = new Date(Date.now() + DEMO_TOKEN_MS)
      return mintToken(identityOptionsOf(config), { user: DEMO.user, roles: [], expiresAt })
    },
  }
}
