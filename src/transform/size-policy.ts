import { climb } from './ladder.ts'
import type { Presets } from './presets.ts'
import { DENSITIES, scaleSize } from './size.ts'
import { type Size, sizeName, type TransformSpec } from './spec.ts'

/** Which sizes strangers may ask for. */
export const SIZE_POLICIES = ['ladder', 'any', 'signed'] as const
export type SizePolicyName = (typeof SIZE_POLICIES)[number]

/** What a size policy says of one request: render it, go to another size, or serve it only if it is stored. */
export type SizeRuling =
  | { readonly outcome: 'allowed' }
  | { readonly outcome: 'redirect'; readonly spec: TransformSpec }
  | { readonly outcome: 'stored-only' }

export interface SizePolicy {
  /** Rules on a size; throws `size_not_allowed` where no other size can stand for it. */
  check(request: SizeRequest, options: { readonly signed: boolean }): SizeRuling
}

/** The part of an `ImageRequest` that a size policy looks at. */
export interface SizeRequest {
  readonly spec: TransformSpec
  readonly preset: boolean
}

export interface SizePolicyOptions {
  readonly policy: SizePolicyName
  readonly presets: Presets
}

const ALLOWED: SizeRuling = { outcome: 'allowed' }
const STORED_ONLY: SizeRuling = { outcome: 'stored-only' }

/** The rule for sizes. A valid signature allows any; presets, at every density, are allowed under every policy. */
export function createSizePolicy({ policy, presets }: SizePolicyOptions): SizePolicy {
  const sizes = [...presets.values()]
  const ownSides = new Set(sizes.flatMap(sidesOf))
  // A versioned path spells a preset by its numbers: what `thumbnail@1.5x` may have, `450` may have too.
  const ownNames = new Set(sizes.flatMap(namesAtEveryDensity))
  const rules: Record<SizePolicyName, (spec: TransformSpec) => SizeRuling> = {
    ladder: (spec) => ruleOfLadder(spec, ownSides),
    any: () => ALLOWED,
    signed: () => STORED_ONLY,
  }
  return {
    check({ spec, preset }, { signed }) {
      return signed || preset || ownNames.has(sizeName(spec)) ? ALLOWED : rules[policy](spec)
    },
  }
}

function ruleOfLadder(spec: TransformSpec, ownSides: ReadonlySet<number>): SizeRuling {
  const size = climb(spec, ownSides)
  if (sizeName(size) === sizeName(spec)) return ALLOWED
  return { outcome: 'redirect', spec: { ...size, format: spec.format } }
}

function namesAtEveryDensity(size: Size): readonly string[] {
  return DENSITIES.map((density) => sizeName(scaleSize(size, density)))
}

function sidesOf(size: Size): readonly number[] {
  return [...('width' in size ? [size.width] : []), ...('height' in size ? [size.height] : [])]
}
