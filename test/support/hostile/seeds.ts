import { pipelineOf, fade, photo, type RawPicture } from '../pictures.ts'
import { SPACES } from '../oddities/colour.ts'
import { rgbProfile } from '../oddities/icc.ts'
import { secretExif } from '../oddities/exif.ts'
import { encodeGif } from '../oddities/gif.ts'
import { jpegSegments, withSegments } from '../oddities/jpeg.ts'
import { encodeApng, encodePng, type PngPlan, pngProfile } from '../oddities/png.ts'
import { encodeTiff, rgbPage } from '../oddities/tiff.ts'
import { riff, webpChunk, withWebpExtras } from '../oddities/webp.ts'
import { latin1, le16, le24 } from './bits.ts'
import type { ByFormat, HostileFile } from './hostile-file.ts'

const SIDES = { width: 96, height: 64 }
const PROFILE = rgbProfile(SPACES.displayP3, 4)
const XMP = '<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'

/** Good files of every format, small and of as many kinds as matter: what mutations begin with. */
export async function createSeeds(): Promise<ByFormat<readonly HostileFile[]>> {
  const scene = photo(SIDES.width, SIDES.height)
  const glass = fade(SIDES.width, SIDES.height, [200, 90, 30])
  const [jpeg, png, webp, avif, tiff] = await Promise.all([
    jpegSeeds(scene),
    pngSeeds(scene, glass),
    webpSeeds(scene, glass),
    avifSeeds(scene, glass),
    tiffSeeds(scene),
  ])
  return { jpeg, png, webp, gif: gifSeeds(), avif, tiff, svg: SVGS }
}

async function jpegSeeds(scene: RawPicture): Promise<HostileFile[]> {
  const plain = await pipelineOf(scene).jpeg().toBuffer()
  const extras = [jpegSegments.exif(secretExif(plain)), jpegSegments.xmp(XMP), jpegSegments.profile(PROFILE)]
  return [
    { name: 'baseline', bytes: plain },
    { name: 'progressive', bytes: await pipelineOf(scene).jpeg({ progressive: true }).toBuffer() },
    { name: 'grey', bytes: await pipelineOf(scene).greyscale().jpeg().toBuffer() },
    { name: 'ink', bytes: await pipelineOf(scene).toColourspace('cmyk').jpeg().toBuffer() },
    { name: 'with metadata', bytes: withSegments(plain, extras) },
  ]
}

async function pngSeeds(scene: RawPicture, glass: RawPicture): Promise<HostileFile[]> {
  const plan: PngPlan = {
    width: 40,
    height: 30,
    bitDepth: 16,
    colourType: 2,
    samplesAt: (x, y) => [x * 999, y * 999, 7],
  }
  const frame: PngPlan = { ...plan, bitDepth: 8, samplesAt: (x, y) => [x, y, 9] }
  return [
    { name: 'RGB', bytes: await pipelineOf(scene).png().toBuffer() },
    { name: 'with transparency', bytes: await pipelineOf(glass).png().toBuffer() },
    { name: 'palette', bytes: await pipelineOf(scene).png({ palette: true }).toBuffer() },
    { name: 'interlaced', bytes: await pipelineOf(scene).png({ progressive: true }).toBuffer() },
    { name: '16 bits with a profile', bytes: encodePng({ ...plan, chunks: [pngProfile(PROFILE)] }) },
    { name: 'animated', bytes: encodeApng([frame, frame, frame], 0) },
  ]
}

async function webpSeeds(scene: RawPicture, glass: RawPicture): Promise<HostileFile[]> {
  const lossy = await pipelineOf(scene).webp().toBuffer()
  const lossless = await pipelineOf(glass).webp({ lossless: true }).toBuffer()
  return [
    { name: 'lossy', bytes: lossy },
    { name: 'with transparency', bytes: await pipelineOf(glass).webp().toBuffer() },
    { name: 'lossless', bytes: lossless },
    {
      name: 'with metadata',
      bytes: withWebpExtras(lossy, { profile: PROFILE, exif: secretExif(lossy), xmp: XMP }),
    },
    {
      name: 'animated',
      bytes: animatedWebp(
        Array.from({ length: 4 }, () => lossy.subarray(12)),
        SIDES,
      ),
    },
  ]
}

/** An animation of frames that are chunks of pixels, each as large as the canvas. */
export function animatedWebp(
  frames: readonly Uint8Array[],
  { width, height }: { width: number; height: number },
): Buffer {
  const head = Buffer.concat([Buffer.from([0x02, 0, 0, 0]), le24(width - 1), le24(height - 1)])
  const sides = Buffer.concat([le24(0), le24(0), le24(width - 1), le24(height - 1)])
  return riff([
    webpChunk('VP8X', head),
    webpChunk('ANIM', Buffer.concat([Buffer.alloc(4), le16(0)])),
    ...frames.map((frame) => webpChunk('ANMF', Buffer.concat([sides, le24(100), Buffer.from([0]), frame]))),
  ])
}

async function avifSeeds(scene: RawPicture, glass: RawPicture): Promise<HostileFile[]> {
  return [
    { name: 'opaque', bytes: await pipelineOf(scene).avif({ effort: 0 }).toBuffer() },
    { name: 'with transparency', bytes: await pipelineOf(glass).avif({ effort: 0 }).toBuffer() },
    {
      name: 'with EXIF',
      bytes: await pipelineOf(scene).withMetadata({ orientation: 6 }).avif({ effort: 0 }).toBuffer(),
    },
  ]
}

async function tiffSeeds(scene: RawPicture): Promise<HostileFile[]> {
  return [
    { name: 'bare', bytes: encodeTiff([rgbPage(scene)]) },
    { name: 'of two pages', bytes: encodeTiff([rgbPage(scene), rgbPage(scene)]) },
    { name: 'LZW', bytes: await pipelineOf(scene).tiff({ compression: 'lzw' }).toBuffer() },
    {
      name: 'of tiles',
      bytes: await pipelineOf(scene)
        .tiff({ compression: 'deflate', tile: true, tileWidth: 32, tileHeight: 32 })
        .toBuffer(),
    },
    { name: 'JPEG inside', bytes: await pipelineOf(scene).tiff({ compression: 'jpeg' }).toBuffer() },
  ]
}

function gifSeeds(): HostileFile[] {
  const plan = {
    width: 60,
    height: 40,
    palette: Array.from({ length: 16 }, (_, index) => [index * 16, 255 - index * 16, 90] as const),
    loop: 0,
  }
  const frame = (shift: number) => ({
    width: 60,
    height: 40,
    indexAt: (x: number, y: number) => (x + y + shift) % 16,
    delayMs: 50,
  })
  const part = { left: 10, top: 5, width: 30, height: 20, indexAt: () => 3, transparent: 4, disposal: 3 }
  return [
    { name: 'still', bytes: encodeGif({ ...plan, frames: [frame(0)] }) },
    {
      name: 'animated',
      bytes: encodeGif({ ...plan, frames: [frame(0), part, frame(5), { ...part, disposal: 2 }] }),
    },
  ]
}

const SVG = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
const DOT = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** Drawings that use much of what can be drawn. */
const SVGS: readonly HostileFile[] = [
  {
    name: 'shapes',
    bytes: latin1(
      `<?xml version="1.0" encoding="UTF-8"?><svg ${SVG} width="96" height="64" viewBox="0 0 96 64"><defs><linearGradient id="g"><stop offset="0" stop-color="#f00"/><stop offset="1" stop-color="#00f"/></linearGradient><clipPath id="c"><circle cx="40" cy="30" r="25"/></clipPath></defs><rect width="96" height="64" fill="url(#g)"/><g clip-path="url(#c)" transform="rotate(10) scale(1.2)"><path d="M10 10 C 20 20, 40 20, 50 10 S 70 0 80 40 Z" stroke="#0a0" stroke-width="3" stroke-dasharray="4 2"/></g><text x="5" y="60" font-size="12">words</text></svg>`,
    ),
  },
  {
    name: 'effects',
    bytes: latin1(
      `<svg ${SVG} viewBox="0 0 100 50"><style>.a{fill:#c20;opacity:.5}</style><defs><filter id="f"><feGaussianBlur stdDeviation="2"/><feOffset dx="1" dy="1"/></filter><pattern id="p" width="8" height="8" patternUnits="userSpaceOnUse"><circle cx="4" cy="4" r="3"/></pattern><mask id="m"><rect width="100" height="50" fill="#fff"/></mask><symbol id="s" viewBox="0 0 10 10"><ellipse cx="5" cy="5" rx="5" ry="3"/></symbol></defs><rect class="a" width="60" height="40" filter="url(#f)"/><rect x="20" width="50" height="50" fill="url(#p)" mask="url(#m)"/><use xlink:href="#s" x="60" width="30" height="30"/><image width="9" height="9" href="data:image/png;base64,${DOT}"/></svg>`,
    ),
  },
]
