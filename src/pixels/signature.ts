/** Formats that are decoded. */
export const SOURCE_FORMATS = ['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff', 'svg'] as const
export type SourceFormat = (typeof SOURCE_FORMATS)[number]

/** What the first bytes say: a format that is decoded, or the name of something else and what its owner can do. */
export type Signature =
  | { readonly format: SourceFormat }
  | { readonly other: string; readonly advice?: string | undefined }

interface Pattern {
  readonly at: number
  /** Read as Latin-1. */
  readonly bytes: string
}

const ACCEPTED: readonly (readonly [SourceFormat, readonly Pattern[]])[] = [
  ['jpeg', [{ at: 0, bytes: '\xff\xd8\xff' }]],
  ['png', [{ at: 0, bytes: '\x89PNG\r\n\x1a\n' }]],
  [
    'webp',
    [
      { at: 0, bytes: 'RIFF' },
      { at: 8, bytes: 'WEBP' },
    ],
  ],
  ['gif', [{ at: 0, bytes: 'GIF87a' }]],
  ['gif', [{ at: 0, bytes: 'GIF89a' }]],
  // Classic and BigTIFF, in either byte order.
  ['tiff', [{ at: 0, bytes: 'II*\0' }]],
  ['tiff', [{ at: 0, bytes: 'MM\0*' }]],
  ['tiff', [{ at: 0, bytes: 'II+\0' }]],
  ['tiff', [{ at: 0, bytes: 'MM\0+' }]],
]

const EXPORT_AGAIN = 'export it as JPEG, PNG, WebP or AVIF'
const HEIC_ADVICE =
  'an iPhone makes JPEGs with Settings > Camera > Formats > Most Compatible, and shares a HEIC as JPEG by mail'

const OTHERS: readonly (readonly [name: string, Pattern, advice?: string])[] = [
  ['a PDF', { at: 0, bytes: '%PDF-' }, 'export the page as PNG'],
  ['a BMP', { at: 0, bytes: 'BM' }, EXPORT_AGAIN],
  ['an icon', { at: 0, bytes: '\0\0\x01\0' }, EXPORT_AGAIN],
  ['a Photoshop document', { at: 0, bytes: '8BPS' }, EXPORT_AGAIN],
  ['a JPEG XL', { at: 0, bytes: '\xff\x0a' }, EXPORT_AGAIN],
  ['a JPEG XL', { at: 0, bytes: '\0\0\0\x0cJXL ' }, EXPORT_AGAIN],
  ['a JPEG 2000', { at: 0, bytes: '\0\0\0\x0cjP  ' }, EXPORT_AGAIN],
  ['a ZIP archive', { at: 0, bytes: 'PK\x03\x04' }],
  ['gzipped data', { at: 0, bytes: '\x1f\x8b' }, 'an SVG must be unpacked'],
]

const AVIF_BRANDS = new Set(['avif', 'avis'])
const HEIC_BRANDS = new Set(['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1'])

/** Looks at the first bytes only: neither a name nor a declared type is believed. */
export function readSignature(source: Uint8Array): Signature {
  if (source.length === 0) return { other: 'empty' }
  // Brands lie far before byte 512; an SVG may begin with a licence of some length.
  const head = Buffer.from(source.subarray(0, 4096)).toString('latin1')
  const accepted = ACCEPTED.find(([, patterns]) => patterns.every((pattern) => matches(head, pattern)))
  if (accepted) return { format: accepted[0] }
  if (head.startsWith('ftyp', 4)) return isoMedia(head)
  const other = OTHERS.find(([, pattern]) => matches(head, pattern))
  return other ? { other: other[0], advice: other[2] } : text(head)
}

function matches(head: string, pattern: Pattern): boolean {
  return head.startsWith(pattern.bytes, pattern.at)
}

/** ISO base media (ISO/IEC 14496-12 §4.3): a size, `ftyp`, the major brand, a version, then compatible brands. */
function isoMedia(head: string): Signature {
  const size = Buffer.from(head.slice(0, 4), 'latin1').readUInt32BE()
  const brands = [head.slice(8, 12)]
  for (let at = 16; at + 4 <= Math.min(size, head.length); at += 4) brands.push(head.slice(at, at + 4))
  if (brands.some((brand) => AVIF_BRANDS.has(brand))) return { format: 'avif' }
  return brands.some((brand) => HEIC_BRANDS.has(brand))
    ? { other: 'a HEIC', advice: HEIC_ADVICE }
    : { other: 'a video or another media file' }
}

/** Prolog, comments and a document type may stand before the root element (XML 1.0 §2.8). */
const BEFORE_ROOT = /^(?:\s|<\?[^>]*\?>|<!--[^]*?-->|<!doctype[^[>]*(?:\[[^\]]*\])?\s*>)*/i

function text(head: string): Signature {
  const root = head
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .replace(BEFORE_ROOT, '')
    .toLowerCase()
  if (/^<(?:[\w-]+:)?svg[\s>/]/.test(root)) return { format: 'svg' }
  if (/^<!doctype html|^<html/.test(root) || /<!doctype html/i.test(head)) return { other: 'an HTML page' }
  if (root.startsWith('<')) return { other: 'an XML document' }
  return { other: 'no picture that we know' }
}
