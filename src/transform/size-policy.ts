import { GatewayError } from '../errors.ts'
import { EDIT_NAMES, type Edits } from './edits.ts'
import { climb } from './ladder.ts'
import { isInline } from './overlay.ts'
import type { Presets } from './presets.ts'
import { DENSITIES, scaleSize, sidesOf } from './size.ts'
import {
  type AskedSpec,
  type AutoSpec,
  measureOf,
  type MeasureSpec,
  type Size,
  sizeName,
  sizeOf,
  type TransformSpec,
  withFormat,
} from './spec.ts'

/** What is of a size: a picture, or how large it would be. */
type SizedSpec = TransformSpec | AutoSpec | MeasureSpec

/** Which sizes strangers may ask for. */
export const SIZE_POLICIES = ['ladder', 'any', 'signed'] as const
export type SizePolicyName = (typeof SIZE_POLICIES)[number]

/**
 * What a size policy says of one request: render it, render it as long as there is something left of what strangers may
 * have rendered in sizes of their own, go to another size, or serve it only if it is stored.
 */
export type SizeRuling =
  | { readonly outcome: 'allowed' }
  | { readonly outcome: 'budgeted' }
  | { readonly outcome: 'redirect'; readonly spec: SizedSpec }
  | { readonly outcome: 'stored-only' }

export interface SizePolicy {
  /** Rules on a size; throws `size_not_allowed` where no other size can stand for it. */
  check(request: SizeRequest, options: SizeCheckOptions): SizeRuling
}

export interface SizeCheckOptions {
  readonly signed: boolean
  /** Whether the dialect takes any size: none is sent to another one then. */
  readonly takesAnySize?: boolean | undefined
}

/** The part of an `ImageRequest` that a size policy looks at. */
export interface SizeRequest {
  readonly spec: AskedSpec
  readonly preset: boolean
}

interface SizedRequest extends SizeRequest {
  readonly spec: SizedSpec
}

export interface SizePolicyOptions {
  readonly policy: SizePolicyName
  readonly presets: Presets
  /** Whether strangers may write overlays of their own into URLs; else those have to be signed. */
  readonly inlineOverlays?: boolean | undefined
}

const ALLOWED: SizeRuling = { outcome: 'allowed' }
const BUDGETED: SizeRuling = { outcome: 'budgeted' }
const STORED_ONLY: SizeRuling = { outcome: 'stored-only' }

/**
 * The rule for sizes. A valid signature allows any; presets are allowed under every policy, by their names or their
 * numbers. On the ladder a preset at a density is a size like any other, checked after `@n`; a box at a density is the
 * operator's own again, since its ratio need not be on the list.
 */
export function createSizePolicy(options: SizePolicyOptions): SizePolicy {
  const { policy, presets, inlineOverlays = false } = options
  const sizes = [...presets.values()]
  const ownSides = new Set(sizes.flatMap(sidesIn))
  const ownNames = new Set(sizes.flatMap(namesOf))
  const rules: Record<SizePolicyName, (picture: SizedRequest, takesAnySize: boolean) => SizeRuling> = {
    ladder: ({ spec }, takesAnySize) => ruleOfLadder(spec, ownSides, takesAnySize),
    any: () => ALLOWED,
    signed: ({ preset }) => (preset ? ALLOWED : STORED_ONLY),
  }
  return {
    check({ spec, preset }, { signed, takesAnySize = false }) {
      if (signed || !isSized(spec)) return ALLOWED
      const { edits, ...size } = 'facts' in spec ? spec.of : spec
      if (isBare(edits) && ownNames.has(sizeName(size))) return ALLOWED
      // Else strangers would have words of their own over the operator's pictures, at the operator's address.
      if (!inlineOverlays && edits?.draw?.some(isInline) === true) return STORED_ONLY
      return rules[policy]({ spec, preset }, takesAnySize)
    },
  }
}

/** Kinds of pictures of which there could be any number of one source: strangers think of them. */
export type CountedKind = 'off-ladder' | 'varied'

/** The ways to fit that native URLs name by their sides alone. */
const PLAIN_FITS: ReadonlySet<Size['fit']> = new Set(['original', 'width', 'height', 'cover'])

/**
 * Tells what kind a variant is of. `off-ladder`: of a size, or with edits, of a stranger's own; `varied`: on the ladder
 * with another fit, or with one of the edits that sites use everywhere; `undefined`: one of a few hundred.
 */
export function createKindOf(presets: Presets): (spec: AskedSpec) => CountedKind | undefined {
  // Overlays of one's own are as many as there are, whether signed or not.
  const ladder = createSizePolicy({ policy: 'ladder', presets, inlineOverlays: true })
  return function kindOf(spec) {
    const size = sizeOf(spec)
    if (size === undefined) return undefined
    const ruling = ladder.check({ spec, preset: false }, { signed: false, takesAnySize: true })
    if (ruling.outcome !== 'allowed') return 'off-ladder'
    return PLAIN_FITS.has(size.fit) && isBare(size.edits) ? undefined : 'varied'
  }
}

/** Facts are of no size, but for how large a picture would be. */
function isSized(spec: AskedSpec): spec is SizedSpec {
  return sizeOf(spec) !== undefined
}

function ruleOfLadder(spec: SizedSpec, ownSides: ReadonlySet<number>, takesAnySize: boolean): SizeRuling {
  const asked = 'facts' in spec ? spec.of : spec
  const { edits } = asked
  const size = takesAnySize ? climbIfPossible(asked, ownSides) : climb(asked, ownSides)
  if (size !== undefined && sizeName(size) === sizeName(asked)) {
    return edits === undefined || areFew(edits) ? ALLOWED : BUDGETED
  }
  if (size === undefined || takesAnySize) return BUDGETED
  const larger = { ...size, ...(edits && { edits }) }
  return {
    outcome: 'redirect',
    spec: 'facts' in spec ? measureOf(larger) : withFormat(larger, spec.format),
  }
}

function climbIfPossible(size: Size, ownSides: ReadonlySet<number>): Size | undefined {
  try {
    return climb(size, ownSides)
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'size_not_allowed') return undefined
    throw error
  }
}

/** Whether nothing is asked for but whose picture it is, which Cloudflare's URLs ask for unless they say otherwise. */
const isBare = (edits: Edits = {}): boolean =>
  Object.keys(edits).every((name) => name === 'metadata') && edits.metadata !== 'keep'

/** Edits of a few values that go with any other. */
const MET_EVERYWHERE: ReadonlySet<keyof Edits> = new Set(['quality', 'metadata'])

/** Of these one is few, and two of them together are many already. */
const FEW_ALONE: ReadonlySet<keyof Edits> = new Set([
  'gravity',
  'flip',
  'rotate',
  'draw',
  'baseline',
  'fast',
  'still',
])

/** Whether edits are of the kind that sites use everywhere, so that they are on the ladder as much as a size. */
function areFew(edits: Edits): boolean {
  const { gravity, quality = 0, draw = [] } = edits
  const isAtSide =
    gravity === undefined || gravity.by === 'entropy' || (gravity.x % 0.5) + (gravity.y % 0.5) === 0
  // The operator's own overlays are few, as long as they are not piled up; one in the URL can be anything.
  const areOwn = draw.length <= 2 && !draw.some(isInline)
  if (!isAtSide || quality % 5 !== 0 || !areOwn) return false
  const others = EDIT_NAMES.filter((name) => edits[name] !== undefined && !MET_EVERYWHERE.has(name))
  return others.length <= 1 && others.every((name) => FEW_ALONE.has(name))
}

/** A versioned path spells a preset by its numbers. */
function namesOf(size: Size): readonly string[] {
  const densities = size.fit === 'cover' ? DENSITIES : [1 as const]
  return densities.map((density) => sizeName(scaleSize(size, density)))
}

function sidesIn(size: Size): readonly number[] {
  const { width, height } = sidesOf(size)
  return [width, height].filter((side) => side !== undefined)
}
