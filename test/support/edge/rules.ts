import type { EdgeRules } from './edge.ts'

/** The rules as CloudFront is believed to have them. */
export const BELIEVED: EdgeRules = {
  staleBesideSMaxage: true,
  olderWhenUnreachable: true,
  ageRemovable: true,
  forbiddenErrorsKept: false,
  ageCountsBetweenLayers: true,
  signatureRemoved: true,
}

/** Every switch of what is not verified: claims are tested with each of them as believed, and turned. */
export const UNVERIFIED: readonly (keyof EdgeRules)[] = [
  'staleBesideSMaxage',
  'olderWhenUnreachable',
  'ageRemovable',
  'forbiddenErrorsKept',
  'ageCountsBetweenLayers',
  'signatureRemoved',
]

/** The believed rules, and the believed ones with one turned, each with a name for tests. */
export const RULE_SETS: readonly (readonly [name: string, rules: EdgeRules])[] = [
  ['as believed', BELIEVED],
  ...UNVERIFIED.map(
    (name) => [`${name}: ${!BELIEVED[name]}`, { ...BELIEVED, [name]: !BELIEVED[name] }] as const,
  ),
]
