import { type AskedOptions, type ClientHints, parseOptions } from '../../src/cloudflare/parse-options.ts'
import { formatEdits } from '../../src/transform/edits.ts'
import { sizeName } from '../../src/transform/spec.ts'

/** A client that says nothing about itself. */
export const SILENT: ClientHints = { isSlow: false }

/** An operator whose JPEGs have copyright fields, as Cloudflare's have. */
export const LIKE_THERE = { keepsCopyright: true }

/** Decoded options, understood. */
export const understand = (text: string, hints: Partial<ClientHints> = {}): AskedOptions =>
  parseOptions(text, { ...SILENT, ...hints }, LIKE_THERE)

/** What options come to, spelled as in a native URL: `800,blur=5.webp`. */
export function nativeName({ size, edits, format }: AskedOptions): string {
  return `${sizeName(size)}${formatEdits(edits)}.${format}`
}
