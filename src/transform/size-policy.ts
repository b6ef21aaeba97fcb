import { climb } from './ladder.ts'
import type { Presets } from './presets.ts'
import { DENSITIES, scaleSize } from './size.ts'
import { type AskedSpec, type AutoSpec, type Size, sizeName, type TransformSpec } from './spec.ts'

/** Which sizes strangers may ask for. */
export const SIZE_POLICIES = ['ladder', 'any', 'signed'] as const
export type SizePolicyName = (typeof SIZE_POLICIES)[number]

/** What a size policy says of one request: render it, go to another size, or serve it only if it is stored. */
export type SizeRuling =
  | { readonly outcome: 'allowed' }
  | { readonly outcome: 'redirect'; readonly spec: TransformSpec | AutoSpec }
  | { readonly outcome: 'stored-only' }

export interface SizePolicy {
  /** Rules on a size; throws `size_not_allowed` where no other size can stand for it. */
  check(request: SizeRequest, options: { readonly signed: boolean }): SizeRuling
}

/** The part of an `ImageRequest` that a size policy looks at. */
export interface SizeRequest {
  readonly spec: AskedSpec
  readonly preset: boolean
}

interface PictureRequest extends SizeRequest {
  readonly spec: TransformSpec | AutoSpec
}

export interface SizePolicyOptions {
  readonly policy: SizePolicyName
  readonly presets: Presets
}

const ALLOWED: SizeRuling = { outcome: 'allowed' }
const STORED_ONLY: SizeRuling = { outcome: 'stored-only' }

/**
 * The rule for sizes. A valid signature allows any; presets are allowed under every policy, by their names or their
 * numbers. On the ladder a preset at a density is a size like any other, checked after `@n`; a box at a density is the
 * operator's own again, since its ratio need not be on the list.
 */
export function createSizePolicy({ policy, presets }: SizePolicyOptions): SizePolicy {
  const sizes = [...presets.values()]
  const ownSides = new Set(sizes.flatMap(sidesOf))
  const ownNames = new Set(sizes.flatMap(namesOf))
  const rules: Record<SizePolicyName, (picture: PictureRequest) => SizeRuling> = {
    ladder: ({ spec }) => ruleOfLadder(spec, ownSides),
    any: () => ALLOWED,
    signed: ({ preset }) => (preset ? ALLOWED : STORED_ONLY),
  }
  return {
    check({ spec, preset }, { signed }) {
      // Facts are of no size.
      if (signed || 'facts' in spec || ownNames.has(sizeName(spec))) return ALLOWED
      return rules[policy]({ spec, preset })
    },
  }
}

function ruleOfLadder(spec: TransformSpec | AutoSpec, ownSides: ReadonlySet<number>): SizeRuling {
  const size = climb(spec, ownSides)
  if (sizeName(size) === sizeName(spec)) return ALLOWED
  return { outcome: 'redirect', spec: { ...size, format: spec.format } }
}

/** A versioned path spells a preset by its numbers. */
function namesOf(size: Size): readonly string[] {
  const densities = size.fit === 'cover' ? DENSITIES : [1 as const]
  return densities.map((density) => sizeName(scaleSize(size, density)))
}

function sidesOf(size: Size): readonly number[] {
  return [...('width' in size ? [size.width] : []), ...('height' in size ? [size.height] : [])]
}
