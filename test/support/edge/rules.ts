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

/** Where docs/edge.md has each of them: nobody here could try them. What we claim is tested with each of them turned. */
export const UNVERIFIED: Readonly<Record<keyof EdgeRules, string>> = {
  staleBesideSMaxage: '§1.1',
  olderWhenUnreachable: '§1.1',
  ageRemovable: '§1.1',
  forbiddenErrorsKept: '§1.2',
  ageCountsBetweenLayers: '§1.6',
  signatureRemoved: '§1.10',
}

/** The rules as believed, then with one turned at a time; each with a name for tests. */
export const RULE_SETS: readonly (readonly [name: string, rules: EdgeRules])[] = [
  ['as believed', BELIEVED],
  ...Object.entries(BELIEVED).map(
    ([name, value]) => [`${name}: ${!value}`, { ...BELIEVED, [name]: !value }] as const,
  ),
]
