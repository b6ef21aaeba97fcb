/** On whose behalf something is done, as far as turns are shared out by it. */
export interface Asker {
  /** Who it counts for, one of each kind: `{ client: '192.0.2.1', source: 'items/42' }`. None of them may have all there is. */
  readonly owners: Readonly<Record<string, string>>
  /** Whether nobody waits for it: then it comes after all others, and is given up first. May change while it waits. */
  readonly isBackground: boolean
}

/** Somebody of whom nothing is known. */
export const ANYBODY: Asker = { owners: {}, isBackground: false }
