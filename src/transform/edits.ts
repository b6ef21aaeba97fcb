import { GatewayError } from '../errors.ts'

/** A colour with or without opacity, lower case, without `#`: `rrggbb` or `rrggbbaa`. */
export type Colour = string

/** What is cut off a picture: whole pixels, or as `0.25` a fraction of the side. */
export interface TrimSides {
  readonly top: number
  readonly right: number
  readonly bottom: number
  readonly left: number
}

/** A part that is kept, from `left` and `top` on; a side that is left out reaches to the end. Units as in `TrimSides`. */
export interface TrimBox {
  readonly left: number
  readonly top: number
  readonly width?: number | undefined
  readonly height?: number | undefined
}

/** A border of one colour that is cut off: found by itself where no colour is given. */
export interface TrimBorder {
  readonly colour?: Colour | undefined
  /** How far a pixel may be from the colour, 0 to 255. */
  readonly tolerance?: number | undefined
  /** Pixels of the border that stay. */
  readonly keep?: number | undefined
}

export type Trim =
  | { readonly by: 'sides'; readonly sides: TrimSides }
  | { readonly by: 'box'; readonly box: TrimBox }
  | { readonly by: 'border'; readonly border: TrimBorder }

/**
 * Which part of a picture stays when a box is cut out. `remainder`: what is cut off is shared out by `x` and `y`, so that
 * 0 keeps the left or upper edge; `centre`: the box lies as near around that point as the edges allow; `entropy`: where
 * most detail is.
 */
export type Gravity =
  | { readonly by: 'remainder' | 'centre'; readonly x: number; readonly y: number }
  | { readonly by: 'entropy' }

/** A frame around the finished picture, which grows by it: pixels. */
export interface Border {
  readonly colour: Colour
  readonly top: number
  readonly right: number
  readonly bottom: number
  readonly left: number
}

/**
 * What is done to a picture beside bringing it to a size, in this order. A field that does nothing is left out, so that
 * equal edits have one spelling.
 */
export interface Edits {
  readonly trim?: Trim | undefined
  readonly flip?: 'h' | 'v' | 'hv' | undefined
  /** Clockwise, after `flip` and before the size: sides are those of the turned picture. */
  readonly rotate?: 90 | 180 | 270 | undefined
  /** Without it the source's focal point decides, or the operator's strategy. */
  readonly gravity?: Gravity | undefined
  /** Under whatever is transparent, and around what is padded. */
  readonly background?: Colour | undefined
  /** Factors; 1 would change nothing. A gamma above 1 darkens. */
  readonly brightness?: number | undefined
  readonly contrast?: number | undefined
  readonly gamma?: number | undefined
  readonly saturation?: number | undefined
  /** 0 to 10; 1 suits what has been made smaller. */
  readonly sharpen?: number | undefined
  /** Radius, up to 250. */
  readonly blur?: number | undefined
  readonly border?: Border | undefined
  /** Overlays from the bottom to the top: names of the operator's, or `~` and base64url of one's JSON. */
  readonly draw?: readonly string[] | undefined
  /** 1 to 100, on one scale for all formats, where 85 would be what is used without it. */
  readonly quality?: number | undefined
  /** A JPEG that is not progressive. */
  readonly baseline?: true | undefined
  /** The quickest encoder settings. */
  readonly fast?: true | undefined
  /** Of an animation its first frame only. */
  readonly still?: true | undefined
  /** What EXIF of a JPEG goes with it; without it what the operator says. Never where a picture was taken. */
  readonly metadata?: 'none' | 'copyright' | 'keep' | undefined
}

/** Numbers have at most so many decimals: nobody sees more, and every spelling would be a variant. */
const DECIMALS = 3

/** A number as it stands in a spec. */
const number = (value: number): string => `${Number(value.toFixed(DECIMALS))}`

const words = (...parts: readonly (string | number | undefined)[]): string =>
  parts.map((part) => (typeof part === 'number' ? number(part) : (part ?? ''))).join('_')

/** How one edit is written; `undefined` where there is none of it. */
interface Spelling {
  readonly name: keyof Edits
  readonly spell: (edits: Edits) => string | undefined
}

function written<Name extends keyof Edits>(
  name: Name,
  format: (value: NonNullable<Edits[Name]>) => string,
): Spelling {
  return {
    name,
    spell: (edits) => {
      const value = edits[name]
      return value === undefined ? undefined : format(value)
    },
  }
}

const SPELLINGS: readonly Spelling[] = [
  written('trim', formatTrim),
  written('flip', String),
  written('rotate', String),
  written('gravity', formatGravity),
  written('background', String),
  written('brightness', number),
  written('contrast', number),
  written('gamma', number),
  written('saturation', number),
  written('sharpen', number),
  written('blur', number),
  written('border', ({ colour, top, right, bottom, left }) => words(colour, top, right, bottom, left)),
  written('draw', (names) => names.join('.')),
  written('quality', number),
  written('baseline', () => '1'),
  written('fast', () => '1'),
  written('still', () => '1'),
  written('metadata', String),
]

/** The names of all edits, in the order in which they are written and done. */
export const EDIT_NAMES = SPELLINGS.map(({ name }) => name)

/** The longest that edits may be, written out: they stand in keys. */
export const MAX_EDITS_LENGTH = 300

/** The one spelling of edits, `,blur=5,quality=70`; nothing for none. Throws `invalid_target` for what no key has room for. */
export function formatEdits(edits: Edits | undefined): string {
  if (edits === undefined) return ''
  const text = SPELLINGS.flatMap(({ name, spell }) => {
    const value = spell(edits)
    return value === undefined ? [] : [`,${name}=${value}`]
  }).join('')
  if (text.length <= MAX_EDITS_LENGTH) return text
  throw new GatewayError(
    'invalid_target',
    `options: at most ${MAX_EDITS_LENGTH} characters are accepted, written out; these have ${text.length}`,
  )
}

function formatGravity(gravity: Gravity): string {
  if (gravity.by === 'entropy') return gravity.by
  return words(...(gravity.by === 'centre' ? [gravity.by] : []), gravity.x, gravity.y)
}

function formatTrim(trim: Trim): string {
  switch (trim.by) {
    case 'sides':
      return words('sides', trim.sides.top, trim.sides.right, trim.sides.bottom, trim.sides.left)
    case 'box':
      return words('box', trim.box.left, trim.box.top, trim.box.width, trim.box.height)
    case 'border':
      return words('border', trim.border.colour, trim.border.tolerance, trim.border.keep)
  }
}
