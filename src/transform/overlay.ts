import { z } from 'zod'
import { GatewayError } from '../errors.ts'
import { FITS } from './spec.ts'

/** How the pixels of an overlay and those below it come together (Porter and Duff, 1984; `lighter` is their sum). */
export const COMPOSITES = ['over', 'in', 'atop', 'out', 'xor', 'lighter'] as const
export type Composite = (typeof COMPOSITES)[number]

/** The longest text of an overlay, in characters. */
export const MAX_OVERLAY_TEXT = 200

/** How the operator may call an overlay. */
export const OVERLAY_NAME = /^[a-z][a-z0-9-]{0,63}$/

/** Most overlays of one picture. */
export const MAX_OVERLAYS = 8

const oneOf = <const Words extends readonly string[]>(words: Words) =>
  z.enum(words, `one of ${words.join(', ')}`)

function between(min: number, max: number) {
  const accepted = `a number from ${min} to ${max}`
  return z.number(accepted).min(min, accepted).max(max, accepted)
}

function fraction(unit: string, max: number) {
  const accepted = `a fraction of the picture, up to 1, or whole ${unit} up to ${max}`
  const isAccepted = (value: number) => value > 0 && (value <= 1 || (Number.isInteger(value) && value <= max))
  return z.number(accepted).refine(isAccepted, accepted)
}

function matching(pattern: RegExp, accepted: string) {
  return z.string(accepted).regex(pattern, accepted)
}

/** A field that says what holds without it is left out: equal overlays have one spelling. */
function unless<Value extends z.ZodType>(meant: z.output<Value>, value: Value) {
  return value.optional().transform((given) => (given === meant ? undefined : given))
}

const colour = matching(
  /^#?(?:[0-9a-f]{6}|[0-9a-f]{8})$/i,
  'a colour of 6 or 8 hexadecimal digits, such as #ff0000',
).transform((text) => text.replace('#', '').toLowerCase())

const margin = z.int('whole pixels up to 16384').min(0, 'from 0 on').max(16_384, 'up to 16384').optional()

const sideOrPoint = z.union(
  [
    z.enum(['auto', 'center', 'left', 'right', 'top', 'bottom']),
    z.strictObject({ x: between(0, 1), y: between(0, 1) }),
  ],
  'one of auto, center, left, right, top, bottom, or {"x": 0.5, "y": 0.5}',
)

const KEY = 'a key of the bucket, such as brand/logo.png; other servers are not asked'

/** Where an overlay lies and what is done to it, whatever it is. */
const shared = {
  rotate: unless(0, z.literal([0, 90, 180, 270], 'one of 0, 90, 180, 270')),
  background: colour.optional(),
  blur: unless(0, between(0, 250)),
  opacity: unless(1, between(0, 1)),
  repeat: unless(false, z.union([z.boolean(), z.enum(['x', 'y'])], 'true, "x" or "y"')),
  top: margin,
  left: margin,
  bottom: margin,
  right: margin,
  composite: unless('over', oneOf(COMPOSITES)),
}

const pictureOverlay = z.strictObject({
  url: matching(/^\/?(?!\/)(?:(?!:\/\/)[^\p{Control}\\])+$/u, KEY)
    .max(1_024, KEY)
    .transform((text) => text.replace(/^\//, '')),
  width: fraction('pixels', 16_384).optional(),
  height: fraction('pixels', 16_384).optional(),
  fit: unless('scale-down', oneOf([...FITS, 'cover'])),
  gravity: unless('center', sideOrPoint),
  ...shared,
})

const textOverlay = z.strictObject({
  text: matching(
    /^(?=[^]*\S)(?:[^\p{Control}\p{Surrogate}]|\n)+$/u,
    `1 to ${MAX_OVERLAY_TEXT} characters, no controls but line breaks`,
  ).max(MAX_OVERLAY_TEXT, `1 to ${MAX_OVERLAY_TEXT} characters`),
  font: unless('sans', matching(/^[A-Za-z0-9][A-Za-z0-9 ]{0,63}$/, 'the name of a font family')),
  size: unless(32, fraction('pixels', 1_000)),
  colour: unless('ffffff', matching(/^#?[0-9a-f]{6}$/i, 'a colour such as #ffffff').transform(bare)),
  align: unless('left', oneOf(['left', 'center', 'right'])),
  width: fraction('pixels', 16_384).optional(),
  ...shared,
})

/** A picture of the bucket, or a text, that is drawn over finished pictures. */
export type Overlay = PictureOverlay | TextOverlay
export type PictureOverlay = z.output<typeof pictureOverlay>
export type TextOverlay = z.output<typeof textOverlay>

/** The operator's overlays, by their names. */
export type OverlayPresets = ReadonlyMap<string, Overlay>

/** An overlay as it goes to whoever draws it. */
export interface OverlayToDraw {
  /** As the request calls it. */
  readonly name: string
  readonly overlay: Overlay
  /** The file, of one that is a picture. */
  readonly picture?: Uint8Array | undefined
}

/** What is wrong with an overlay, and what is accepted. */
export class OverlayFault extends Error {
  override readonly name = 'OverlayFault'
}

/** Reads one overlay; an `OverlayFault` names all that is wrong with it. */
export function readOverlay(value: unknown): Overlay {
  const isText = typeof value === 'object' && value !== null && 'text' in value
  const parsed = (isText ? textOverlay : pictureOverlay).safeParse(value)
  const faults = parsed.success
    ? contradictions(parsed.data)
    : parsed.error.issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': '))
  if (!parsed.success || faults.length > 0) throw new OverlayFault(faults.join('; '))
  return parsed.data
}

/** The one spelling of an overlay in the name of a picture: `~` and base64url of its JSON. */
export function formatInline(overlay: Overlay): string {
  return `~${Buffer.from(JSON.stringify(overlay)).toString('base64url')}`
}

/** Whether a name is an overlay itself, and not the name of one of the operator's. */
export function isInline(name: string): boolean {
  return name.startsWith('~')
}

/** Reads `~` and base64url of one overlay's JSON; throws `invalid_target` where it is none. */
export function parseInline(name: string): Overlay {
  try {
    return readOverlay(JSON.parse(Buffer.from(name.slice(1), 'base64url').toString('utf8')))
  } catch (error) {
    if (!(error instanceof OverlayFault) && !(error instanceof SyntaxError)) throw error
    const why = error instanceof OverlayFault ? error.message : 'is no base64url of JSON'
    throw new GatewayError('invalid_target', `draw: the overlay ${name.slice(0, 32)}: ${why}`)
  }
}

function bare(text: string): string {
  return text.replace('#', '').toLowerCase()
}

const NEEDS_BOX: ReadonlySet<string> = new Set(['cover', 'pad', 'crop', 'squeeze', 'aspect-crop'])

function contradictions(overlay: Overlay): string[] {
  const faults: string[] = []
  if (overlay.top !== undefined && overlay.bottom !== undefined) faults.push('top, bottom: give one of them')
  if (overlay.left !== undefined && overlay.right !== undefined) faults.push('left, right: give one of them')
  if ('text' in overlay) return faults
  const { fit, width, height } = overlay
  const sides = [width, height].filter((side) => side !== undefined).length
  if (fit !== undefined && sides < (NEEDS_BOX.has(fit) ? 2 : 1)) {
    faults.push(`fit: ${fit} needs ${NEEDS_BOX.has(fit) ? 'width and height' : 'width or height'}`)
  }
  return faults
}
