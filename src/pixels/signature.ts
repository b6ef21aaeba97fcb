/** Formats that are decoded. */
export const SOURCE_FORMATS = ['jpeg', 'png', 'webp', 'avif'] as const
export type SourceFormat = (typeof SOURCE_FORMATS)[number]

/** What the first bytes say: a format that is decoded, or the name of something else. */
export type Signature = { readonly format: SourceFormat } | { readonly other: string }

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
]

const OTHERS: readonly (readonly [string, Pattern])[] = [
  ['a GIF', { at: 0, bytes: 'GIF8' }],
  ['a TIFF', { at: 0, bytes: 'II*\0' }],
  ['a TIFF', { at: 0, bytes: 'MM\0*' }],
  ['a PDF', { at: 0, bytes: '%PDF-' }],
  ['a BMP', { at: 0, bytes: 'BM' }],
  ['an icon', { at: 0, bytes: '\0\0\x01\0' }],
  ['a Photoshop document', { at: 0, bytes: '8BPS' }],
  ['a JPEG XL', { at: 0, bytes: '\xff\x0a' }],
  ['a JPEG XL', { at: 0, bytes: '\0\0\0\x0cJXL ' }],
  ['a JPEG 2000', { at: 0, bytes: '\0\0\0\x0cjP  ' }],
  ['a ZIP archive', { at: 0, bytes: 'PK\x03\x04' }],
  ['gzipped data', { at: 0, bytes: '\x1f\x8b' }],
]

const AVIF_BRANDS = new Set(['avif', 'avis'])
const HEIC_BRANDS = new Set(['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1'])

/** Looks at the first bytes only: neither a name nor a declared type is believed. */
export function readSignature(source: Uint8Array): Signature {
  if (source.length === 0) return { other: 'empty' }
  // Brands and the opening tags of text lie far before byte 512.
  const head = Buffer.from(source.subarray(0, 512)).toString('latin1')
  const accepted = ACCEPTED.find(([, patterns]) => patterns.every((pattern) => matches(head, pattern)))
  if (accepted) return { format: accepted[0] }
  if (head.startsWith('ftyp', 4)) return isoMedia(head)
  const other = OTHERS.find(([, pattern]) => matches(head, pattern))
  return { other: other?.[0] ?? textKind(head) }
}

function matches(head: string, pattern: Pattern): boolean {
  return head.startsWith(pattern.bytes, pattern.at)
}

/** ISO base media (ISO/IEC 14496-12 §4.3): a size, `ftyp`, the major brand, a version, then compatible brands. */
function isoMedia(head: string): Signature {
  const size = Buffer.from(head.slice(0, 4), 'latin1').readUInt32BE()
  const major = head.slice(8, 12)
  const brands = [major]
  for (let at = 16; at + 4 <= Math.min(size, head.length); at += 4) brands.push(head.slice(at, at + 4))
  if (brands.some((brand) => AVIF_BRANDS.has(brand))) return { format: 'avif' }
  return {
    other: brands.some((brand) => HEIC_BRANDS.has(brand)) ? 'a HEIC' : 'a video or another media file',
  }
}

function textKind(head: string): string {
  const text = head
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .trimStart()
    .toLowerCase()
  if (text.startsWith('<svg') || (text.startsWith('<?xml') && text.includes('<svg'))) return 'an SVG'
  if (text.startsWith('<!doctype html') || text.startsWith('<html')) return 'an HTML page'
  if (text.startsWith('<')) return 'an XML document'
  return 'no picture that we know'
}
