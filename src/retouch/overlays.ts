import { GatewayError } from '../errors.ts'
import type { Edits, Gravity } from '../transform/edits.ts'
import type { Overlay, OverlayToDraw, PictureOverlay } from '../transform/overlay.ts'
import { fittedSize } from '../transform/size.ts'
import type { EditedSize } from '../transform/spec.ts'
import type { Layer } from './compose.ts'
import { type Frame, withOpacity } from './frame.ts'
import type { Sides } from './geometry.ts'
import { letter } from './lettering.ts'

/** Decodes a file to a picture of that size, and does to it what its edits say. */
export type OpenPicture = (file: Uint8Array, size: EditedSize) => Promise<Frame>

/** Makes layers out of overlays, for a picture of these sides. What cannot be made is `overlay_unusable`. */
export async function prepareOverlays(
  overlays: readonly OverlayToDraw[],
  base: Sides,
  open: OpenPicture,
): Promise<readonly Layer[]> {
  const layers: Layer[] = []
  for (const one of overlays) {
    try {
      layers.push(await prepare(one, base, open))
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      const message = `The overlay ${one.name.slice(0, 64)} cannot be drawn: ${error.message}`
      throw new GatewayError('overlay_unusable', message, { cause: error })
    }
  }
  return layers
}

async function prepare({ overlay, picture }: OverlayToDraw, base: Sides, open: OpenPicture): Promise<Layer> {
  const file = 'text' in overlay ? await letter(overlay, base) : picture
  if (file === undefined) throw new Error('An overlay without its picture')
  const size = 'text' in overlay ? ({ fit: 'original' } as const) : sizeOf(overlay, base)
  const frame = withOpacity(await open(file, { ...size, edits: editsOf(overlay) }))
  const { top, left, bottom, right, repeat, opacity = 1, composite = 'over' } = overlay
  return {
    frame,
    left: offset({ before: left, after: right }, frame.width, base.width),
    top: offset({ before: top, after: bottom }, frame.height, base.height),
    repeats: { x: repeat === true || repeat === 'x', y: repeat === true || repeat === 'y' },
    opacity,
    composite,
  }
}

interface Margins {
  readonly before: number | undefined
  readonly after: number | undefined
}

function offset({ before, after }: Margins, length: number, available: number): number {
  if (before !== undefined) return before
  return after === undefined ? Math.floor((available - length) / 2) : available - length - after
}

function sizeOf({ fit, width, height }: PictureOverlay, base: Sides) {
  return fittedSize(fit ?? 'scale-down', pixels(width, base.width), pixels(height, base.height))
}

function pixels(length: number | undefined, whole: number): number | undefined {
  if (length === undefined) return undefined
  return length <= 1 ? Math.max(1, Math.round(length * whole)) : length
}

function editsOf(overlay: Overlay): Edits {
  const { rotate, background, blur } = overlay
  const gravity = 'text' in overlay ? undefined : gravityOf(overlay)
  // Nothing shows through around what is padded, unless it is said what.
  return { rotate: rotate === 0 ? undefined : rotate, gravity, background: background ?? UNSEEN, blur }
}

const UNSEEN = '00000000'

const SIDES: Readonly<Record<string, Gravity>> = {
  center: { by: 'remainder', x: 0.5, y: 0.5 },
  left: { by: 'remainder', x: 0, y: 0.5 },
  right: { by: 'remainder', x: 1, y: 0.5 },
  top: { by: 'remainder', x: 0.5, y: 0 },
  bottom: { by: 'remainder', x: 0.5, y: 1 },
}

/** `undefined`: by what catches the eye. */
function gravityOf({ gravity = 'center' }: PictureOverlay): Gravity | undefined {
  return typeof gravity === 'string' ? SIDES[gravity] : { by: 'remainder', ...gravity }
}
