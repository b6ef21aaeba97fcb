import { createHash } from 'node:crypto'
import sharp from 'sharp'
import { z } from 'zod'
import type { TestGateway } from '../gateway.ts'
import type { RawPicture } from '../pictures.ts'

/** An answer of the gateway to a request for a picture. */
export interface Answered {
  readonly status: number
  readonly contentType: string
  readonly bytes: Buffer
  /** What the problem document says, if it is one. */
  readonly code?: string | undefined
  readonly detail?: string | undefined
}

const problem = z.object({ code: z.string(), detail: z.string() })

/** Puts a file into the bucket under a name made of its bytes, and returns its path. */
export async function putSource(gateway: TestGateway, file: Uint8Array, extension = 'jpg'): Promise<string> {
  const name = createHash('sha256').update(file).digest('hex').slice(0, 20)
  const key = `photos/${name}.${extension}`
  await gateway.bucket.put(key, Buffer.from(file), { contentType: 'application/octet-stream' })
  return key
}

/** Asks for one variant of a path: `ask(gateway, 'photos/a.jpg', '128.webp')`. */
export async function ask(gateway: TestGateway, path: string, variant: string): Promise<Answered> {
  const answer = await gateway.fetch(`/img/${path}/${variant}`)
  const bytes = Buffer.from(await answer.arrayBuffer())
  const contentType = answer.headers.get('content-type') ?? ''
  const said = contentType === 'application/problem+json' ? problem.parse(JSON.parse(bytes.toString())) : {}
  return { status: answer.status, contentType, bytes, ...said }
}

/** The bytes of a variant of a file; throws, with what the gateway says, when it is refused. */
export async function rendered(gateway: TestGateway, file: Uint8Array, variant: string): Promise<Buffer> {
  const answer = await ask(gateway, await putSource(gateway, file), variant)
  if (answer.status === 200) return answer.bytes
  throw new Error(`${variant}: ${answer.status} ${answer.code}: ${answer.detail}`)
}

/** The pixels of an answer, which is 8-bit sRGB: decoded and nothing else. Grey is written out as three channels. */
export async function pixelsOf(file: Uint8Array): Promise<RawPicture> {
  const { data, info } = await sharp(file, { ignoreIcc: true }).raw().toBuffer({ resolveWithObject: true })
  const { width, height, channels } = info
  if (channels > 2) return { data, width, height, channels }
  const wide = new Uint8Array((data.length / channels) * (channels + 2))
  for (let at = 0; at < data.length / channels; at += 1) {
    const grey = data[at * channels] ?? 0
    const alpha = channels === 2 ? [data[at * channels + 1] ?? 0] : []
    wide.set([grey, grey, grey, ...alpha], at * (channels + 2))
  }
  return { data: wide, width, height, channels: channels === 2 ? 4 : 3 }
}

/** The pixels of a variant of a file. */
export async function shown(gateway: TestGateway, file: Uint8Array, variant: string): Promise<RawPicture> {
  return pixelsOf(await rendered(gateway, file, variant))
}
