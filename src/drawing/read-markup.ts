import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { GatewayError } from '../errors.ts'

const inflate = promisify(gunzip)

/** The markup of a drawing as text: unpacked where it is compressed, decoded as it says. */
export async function readMarkup(source: Uint8Array, maxBytes: number): Promise<string> {
  const bytes = isGzipped(source) ? await unpack(source, maxBytes) : source
  if (bytes.length > maxBytes) throw tooLarge(maxBytes)
  const encoding = encodingOf(bytes)
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new GatewayError('source_broken', `The SVG is not written in ${encoding}, as it says`, { cause })
  }
}

/** Whether it is compressed, as an `.svgz` is. */
export function isGzipped(source: Uint8Array): boolean {
  return source[0] === 0x1f && source[1] === 0x8b
}

async function unpack(source: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  try {
    return await inflate(source, { maxOutputLength: maxBytes })
  } catch (cause) {
    if (cause instanceof RangeError) throw tooLarge(maxBytes)
    throw new GatewayError('source_broken', 'The compressed SVG is broken or truncated', { cause })
  }
}

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError('source_too_large', `The SVG has more than ${maxBytes} bytes of markup`)
}

/** Byte order marks, and how `<` begins a file without one (XML 1.0 appendix F). */
const BEGINNINGS: readonly (readonly [encoding: string, bytes: readonly number[]])[] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
  ['utf-16le', [0x3c, 0x00]],
  ['utf-16be', [0x00, 0x3c]],
]

const DECLARED = /^<\?xml[^>]*?\sencoding\s*=\s*["']([\w.:-]+)["']/

/** Encodings by their names in a declaration. Others read the same bytes as other letters, and nobody needs them. */
const ENCODINGS: Readonly<Record<string, string>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  ascii: 'utf-8',
  'iso-8859-1': 'windows-1252',
  'windows-1252': 'windows-1252',
}

function encodingOf(bytes: Uint8Array): string {
  const begun = BEGINNINGS.find(([, beginning]) => beginning.every((byte, at) => bytes[at] === byte))
  if (begun) return begun[0]
  const head = Buffer.from(bytes.subarray(0, 256)).toString('latin1')
  const declared = DECLARED.exec(head)?.[1] ?? 'utf-8'
  const encoding = ENCODINGS[declared.toLowerCase()]
  if (encoding !== undefined) return encoding
  throw new GatewayError('source_not_a_picture', `The SVG is written in ${declared}; save it in UTF-8`)
}
