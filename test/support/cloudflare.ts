import sharp from 'sharp'
import { createS3ObjectStore, type S3ObjectStore } from '../../src/storage/s3-object-store.ts'
import { createTestGateway, type TestGatewayOptions } from './gateway.ts'
import { type Colour, type RawPicture, encode } from './pictures.ts'
import { type RunningOrigin, startOrigin } from './s3-server.ts'

/** What the bucket holds for Cloudflare's URLs, over a socket. */
export async function startSite() {
  const origin = await startOrigin()
  const { url: endpoint, bucket, accessKeyId, secretAccessKey } = origin
  const credentials = { accessKeyId, secretAccessKey }
  const store = createS3ObjectStore({
    bucket,
    region: 'us-east-1',
    endpoint,
    credentials,
    forcePathStyle: true,
  })
  return {
    store,
    open: async (options: TestGatewayOptions = {}) => openSite(store, options),
    async put(key: string, picture: RawPicture, format: 'jpg' | 'png' | 'webp' = 'jpg') {
      const contentType = format === 'jpg' ? 'image/jpeg' : `image/${format}`
      await store.put(key, await encode(picture, format), { contentType })
    },
    stop: async () => stop(origin, store),
  }
}

export type Site = Awaited<ReturnType<typeof startSite>>

async function openSite(store: S3ObjectStore, { environment, ...options }: TestGatewayOptions) {
  const gateway = await createTestGateway({
    store,
    ...options,
    environment: { HALFTONE_SOURCES: '*', HALFTONE_SIZES: 'any', ...environment },
  })
  return {
    ...gateway,
    /** What stands behind `/cdn-cgi/image/`. */
    get: async (tail: string, headers: Record<string, string> = {}, method = 'GET') =>
      gateway.fetch(`/cdn-cgi/image/${tail}`, { headers, method, redirect: 'manual' }),
  }
}

export type OpenSite = Awaited<ReturnType<typeof openSite>>

async function stop(origin: RunningOrigin, store: S3ObjectStore): Promise<void> {
  store.close()
  await origin.stop()
}

/** The picture of an answer: its sides, its type and a look at its pixels. */
export async function pictureOf(answer: Response) {
  const bytes = Buffer.from(await answer.arrayBuffer())
  const { data, info } = await sharp(bytes)
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  const colourAt = (x: number, y: number): Colour => {
    const [red = 0, green = 0, blue = 0] = data.subarray((y * info.width + x) * info.channels)
    return [red, green, blue]
  }
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    width: info.width,
    height: info.height,
    colourAt,
  }
}

/** How far two colours are apart at most. */
export function distance(one: Colour, other: Colour): number {
  return Math.max(...one.map((value, channel) => Math.abs(value - (other[channel] ?? 0))))
}
