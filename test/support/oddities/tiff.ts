import type { RawPicture } from '../pictures.ts'
import { directory, type Entry } from './exif.ts'

/** A page of a TIFF: its samples, row by row, and what its directory says of it. */
export interface TiffPage {
  readonly width: number
  readonly height: number
  readonly bitsPerSample: 8 | 16
  readonly samplesPerPixel: number
  /** 1 grey, 2 RGB, 5 CMYK (TIFF 6.0 §8). */
  readonly photometric: number
  readonly pixels: Uint8Array
  /** More entries; one that the page has already replaces it. */
  readonly entries?: readonly Entry[]
  /** A directory of its own that an entry points to: EXIF (0x8769) or GPS (0x8825). */
  readonly linked?: { readonly tag: number; readonly entries: readonly Entry[] }
}

/** A page of 8-bit RGB. */
export const rgbPage = ({ data, width, height }: RawPicture): TiffPage => ({
  width,
  height,
  bitsPerSample: 8,
  samplesPerPixel: 3,
  photometric: 2,
  pixels: data,
})

/** Writes an uncompressed little-endian TIFF, one strip a page. */
export function encodeTiff(pages: readonly TiffPage[]): Buffer {
  let file = Buffer.from('II*\0\x08\0\0\0', 'latin1')
  pages.forEach((page, index) => {
    file = Buffer.concat([file, pageBytes(page, file.length, index === pages.length - 1)])
  })
  return file
}

function pageBytes(page: TiffPage, offset: number, isLast: boolean): Buffer {
  const { linked } = page
  const laidOut = (pixelsAt: number, linkedAt: number, next: number) => {
    const link: Entry[] = linked ? [{ tag: linked.tag, type: 'long', value: [linkedAt] }] : []
    return directory(offset, [...pageEntries(page, pixelsAt), ...link], next)
  }
  const linkedAt = offset + laidOut(0, 0, 0).length
  const sub = linked ? directory(linkedAt, linked.entries) : Buffer.alloc(0)
  const pixelsAt = linkedAt + sub.length
  const padding = Buffer.alloc(page.pixels.length % 2)
  const next = isLast ? 0 : pixelsAt + page.pixels.length + padding.length
  return Buffer.concat([laidOut(pixelsAt, linkedAt, next), sub, page.pixels, padding])
}

function pageEntries(page: TiffPage, pixelsAt: number): Entry[] {
  const own: Entry[] = [
    { tag: 0x100, type: 'long', value: [page.width] },
    { tag: 0x101, type: 'long', value: [page.height] },
    {
      tag: 0x102,
      type: 'short',
      value: Array.from({ length: page.samplesPerPixel }, () => page.bitsPerSample),
    },
    { tag: 0x103, type: 'short', value: [1] },
    { tag: 0x106, type: 'short', value: [page.photometric] },
    { tag: 0x111, type: 'long', value: [pixelsAt] },
    { tag: 0x115, type: 'short', value: [page.samplesPerPixel] },
    { tag: 0x116, type: 'long', value: [page.height] },
    { tag: 0x117, type: 'long', value: [page.pixels.length] },
    { tag: 0x11c, type: 'short', value: [1] },
  ]
  const extra = page.entries ?? []
  return [...own.filter(({ tag }) => !extra.some((entry) => entry.tag === tag)), ...extra]
}
