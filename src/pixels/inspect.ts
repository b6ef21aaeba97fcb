import sharp, { type Metadata, type SharpOptions } from 'sharp'
import { GatewayError } from '../errors.ts'
import type { Facts, PictureLimits } from './messages.ts'
import { readSignature, type SourceFormat } from './signature.ts'

const ACCEPTED = 'JPEG, PNG, WebP and AVIF are accepted'

/** What a picture is, from its header alone; refuses what is no picture, is broken, or is beyond the limits. */
export async function inspectPicture(source: Uint8Array, limits: PictureLimits): Promise<Facts> {
  checkBytes(source, limits)
  const format = acceptedFormat(source)
  const facts = describe(format, await readHeader(source))
  checkPixels(facts, limits)
  return facts
}

/** A decoder's failure, as a verdict on the picture. */
export function brokenPicture(cause: unknown): GatewayError {
  const reason = cause instanceof Error ? cause.message.split('\n', 1)[0]?.slice(0, 200) : undefined
  const message = 'The picture is broken or truncated and cannot be decoded'
  return new GatewayError('source_broken', reason ? `${message}: ${reason}` : message, { cause })
}

/** How every picture is opened. Any warning refuses it: a damaged picture is not rendered grey. */
export function openOptions(maxPixels: number | false): SharpOptions {
  return { failOn: 'warning', limitInputPixels: maxPixels, sequentialRead: true }
}

function checkBytes(source: Uint8Array, { maxSourceBytes }: PictureLimits): void {
  if (source.length <= maxSourceBytes) return
  throw tooLarge(`The picture has ${source.length} bytes; at most ${maxSourceBytes} are accepted`)
}

function acceptedFormat(source: Uint8Array): SourceFormat {
  const signature = readSignature(source)
  if ('format' in signature) return signature.format
  throw new GatewayError('source_not_a_picture', `The source is ${signature.other}; ${ACCEPTED}`)
}

async function readHeader(source: Uint8Array): Promise<Metadata> {
  try {
    // No limit here: the header alone costs nothing, and our own check can name the sides.
    return await sharp(source, openOptions(false)).metadata()
  } catch (error) {
    throw brokenPicture(error)
  }
}

function describe(format: SourceFormat, header: Metadata): Facts {
  return {
    format,
    contentType: `image/${format}`,
    width: header.autoOrient.width,
    height: header.autoOrient.height,
    frames: header.pages ?? 1,
    hasAlpha: header.hasAlpha,
    orientation: header.orientation ?? 1,
  }
}

function checkPixels({ width, height, frames }: Facts, limits: PictureLimits): void {
  const area = width * height
  if (area > limits.maxPixels) {
    throw tooLarge(`The picture is ${width}×${height}; at most ${limits.maxPixels} pixels are accepted`)
  }
  if (frames * area > limits.maxFramePixels) {
    const all = `${frames} frames of ${width}×${height}`
    throw tooLarge(`The picture has ${all}; at most ${limits.maxFramePixels} pixels in all are accepted`)
  }
}

function tooLarge(message: string): GatewayError {
  return new GatewayError('source_too_large', message)
}
