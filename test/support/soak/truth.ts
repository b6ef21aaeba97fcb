import { type Mark, nameOf, sameMark } from './mark.ts'
import type { Windows } from './windows.ts'

/** A photo as its record has it. */
export interface PhotoState {
  readonly photoId: string
  readonly slot: number
  readonly version: number
}

/** The id of a photo whose upload has not been answered: it was made up by the gateway, and perhaps it was never made. */
export const UNKNOWN_ID = ''

/** What may be seen of an item: its photos in their order, nothing of one that is hidden or gone. */
export interface ItemState {
  readonly isShown: boolean
  readonly photos: readonly PhotoState[]
}

export const ABSENT: ItemState = { isShown: false, photos: [] }

/** What a path shows: the cover, whatever is in a slot, or one version of it. */
export type Target =
  | { readonly kind: 'cover' }
  | { readonly kind: 'photo'; readonly photoId: string }
  | { readonly kind: 'versioned'; readonly photoId: string; readonly version: number }

/** A picture that was seen, or that there was none. */
export type Seen = Mark | 'absent'

/** An answer to whoever looked from one time to another. */
export interface Sight {
  readonly target: Target
  readonly seen: Seen
  readonly fromMs: number
  readonly toMs: number
}

/** For how long what was seen had been out of date, or that it was never to be seen. */
export type Verdict = { readonly staleMs: number } | { readonly never: string }

/** A change that has been asked for. */
export interface Change {
  /** It was acknowledged: from now on what was before may be seen for the bound only. */
  confirm(atMs: number, state?: ItemState): void
  /** It was not made, and never will be. */
  withdraw(): void
}

interface Era {
  state: ItemState
  /** Since when it may be seen. */
  readonly fromMs: number
  /** When it was acknowledged; `undefined`: perhaps it was made, perhaps not. */
  sureMs: number | undefined
}

/** What may be seen of one item, told by what was asked for and what was acknowledged, change after change. */
export class Truth {
  readonly item: number
  readonly #unheard: Windows
  readonly #eras: Era[] = [{ state: ABSENT, fromMs: -Infinity, sureMs: -Infinity }]

  constructor(item: number, unheard: Windows) {
    this.item = item
    this.#unheard = unheard
  }

  /** The last state that was acknowledged. */
  get state(): ItemState {
    return this.#eras.findLast(({ sureMs }) => sureMs !== undefined)?.state ?? ABSENT
  }

  /** States that the record may have now: the last that is sure, and those perhaps made since. */
  get possible(): readonly ItemState[] {
    const sure = this.#eras.findLastIndex(({ sureMs }) => sureMs !== undefined)
    return this.#eras.slice(sure).map(({ state }) => state)
  }

  begin(state: ItemState, atMs: number): Change {
    const era: Era = { state, fromMs: atMs, sureMs: undefined }
    this.#eras.push(era)
    return {
      confirm: (sureMs, settled = state) => {
        era.state = settled
        era.sureMs = sureMs
      },
      withdraw: () => void this.#eras.splice(this.#eras.indexOf(era), 1),
    }
  }

  /** Judges what somebody saw; time in which nobody could hear of changes does not count. */
  judge({ target, seen, fromMs, toMs }: Sight): Verdict {
    const ages = this.#eras
      .filter((era) => era.fromMs <= toMs && isSame(this.#shownAt(target, era.state), seen))
      .map((era) => this.#unheard.quietMs(this.#wrongSinceMs(era) ?? fromMs, fromMs))
    if (ages.length > 0) return { staleMs: Math.min(...ages) }
    return { never: seen === 'absent' ? 'nothing' : nameOf(seen) }
  }

  /** What a path shows now, by the last acknowledged change. */
  expected(target: Target): Seen {
    return this.#shownAt(target, this.state)
  }

  #wrongSinceMs(era: Era): number | undefined {
    const later = this.#eras.slice(this.#eras.indexOf(era) + 1)
    return later.find(({ sureMs }) => sureMs !== undefined)?.sureMs
  }

  #shownAt(target: Target, { isShown, photos }: ItemState): Seen {
    if (!isShown) return 'absent'
    const photo = target.kind === 'cover' ? photos[0] : photoOf(photos, target)
    if (photo === undefined) return 'absent'
    if (target.kind === 'versioned' && target.version !== photo.version) return 'absent'
    return { item: this.item, slot: photo.slot, version: photo.version }
  }
}

function isSame(one: Seen, other: Seen): boolean {
  if (one === 'absent' || other === 'absent') return one === other
  return sameMark(one, other)
}

/** Of a photo whose upload nobody has answered yet the id is not known: its pictures tell it to whoever sees them. */
function photoOf(photos: readonly PhotoState[], target: Exclude<Target, { kind: 'cover' }>) {
  const known = photos.find(({ photoId }) => photoId === target.photoId)
  if (known !== undefined || target.kind === 'photo') return known
  return photos.find(({ photoId, version }) => photoId === UNKNOWN_ID && version === target.version)
}
