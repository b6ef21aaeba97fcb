import sharp, { type CreateText } from 'sharp'
import { GatewayError } from '../errors.ts'
import type { TextOverlay } from '../transform/overlay.ts'
import type { Sides } from './geometry.ts'

/** At this density, in dots per inch, a font of 20 points is 20 pixels high. */
const DENSITY = 72

/** Pixels that letters may take in all, roughly: a square each. */
const MAX_LETTER_PIXELS = 40_000_000

const ALIGNMENTS = { left: 'left', center: 'centre', right: 'right' } as const

/** A text as a PNG, as large as its letters are. Throws `overlay_unusable` where it would be too large, or no font is there. */
export async function letter(overlay: TextOverlay, base: Sides): Promise<Uint8Array> {
  const { text, size = 32, colour = 'ffffff', font = 'sans', align = 'left', width } = overlay
  const pixels = Math.max(1, Math.round(size <= 1 ? size * base.height : size))
  if (text.length * pixels * pixels > MAX_LETTER_PIXELS) {
    throw new GatewayError('overlay_unusable', `${text.length} letters of ${pixels} pixels are too many`)
  }
  await assertFonts()
  return draw(`<span foreground="#${colour}">${escapeMarkup(text)}</span>`, {
    font: `${font} ${pixels}`,
    align: ALIGNMENTS[align],
    ...(width !== undefined && { width: Math.max(1, Math.round(width <= 1 ? width * base.width : width)) }),
  })
}

function draw(markup: string, options: Omit<CreateText, 'text'>): Promise<Uint8Array> {
  const input = { text: { ...options, text: markup, rgba: true, dpi: DENSITY } }
  return sharp({ ...input, limitInputPixels: false })
    .png({ compressionLevel: 1 })
    .toBuffer()
}

let hasFonts: Promise<boolean> | undefined

/** Without any font all letters are the same box, which nobody is to be shown. */
async function assertFonts(): Promise<void> {
  hasFonts ??= tellsLettersApart()
  if (await hasFonts) return
  const cure = 'install one where the gateway runs, such as DejaVu'
  throw new GatewayError('overlay_unusable', `There is no font to write with: ${cure}`)
}

async function tellsLettersApart(): Promise<boolean> {
  const [one, other] = await Promise.all(['i', 'W'].map((letter) => draw(letter, { font: 'sans 20' })))
  return one !== undefined && other !== undefined && Buffer.compare(one, other) !== 0
}

/** Pango reads markup: what a text holds of it is meant as it stands. */
function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
