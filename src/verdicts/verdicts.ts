import { LRUCache } from 'lru-cache'
import { GatewayError, type VerdictCode } from '../errors.ts'
import type { Source } from '../sources/source.ts'
import { sidesOf } from '../transform/size.ts'
import { isDrawing, sizeOf, specName, type VariantSpec } from '../transform/spec.ts'

export interface VerdictsOptions {
  /** Milliseconds on a clock that is never set. */
  readonly now?: () => number
}

/** An error that says something of the source. */
export type Verdict = GatewayError & { readonly code: VerdictCode }

/** What is to be done with a picture beside reading its header: each takes time of its own. */
type Extra = 'decoding' | 'edits' | 'frames' | 'pixels'

/** Verdicts remembered at most; one is forgotten with its version, since a new one has another name. */
const MAX_VERDICTS = 10_000
/** Versions of which overruns are remembered, at most. */
const MAX_OVERRUN_VERSIONS = 1_000

/** So many specs that ask for no more have overrun, and a spec is not tried any more. */
const OVERRUNS_ALLOWED = 2
/** What was concluded from others is tried again after so long: the machine may have had too much to do. */
const CONCLUSION_MS = 30 * 60_000
/** Workers are also killed by others, such as the kernel when memory is short: the picture may be innocent. */
const CRASH_MS = 60_000

/** Longest side of a picture whose encoding takes no time to speak of. */
const SMALL_SIDE = 800

/** What is known not to work, so that no worker tries it again: with whole versions of sources, or with one spec of them. */
export class Verdicts {
  readonly #verdicts: LRUCache<string, Verdict>
  /** Of a version the specs that have overrun, by their names. */
  readonly #overruns: LRUCache<string, Map<string, readonly Extra[]>>

  constructor({ now = () => performance.now() }: VerdictsOptions = {}) {
    // Read afresh each time.
    const clock = { perf: { now }, ttlResolution: 0 }
    this.#verdicts = new LRUCache({ max: MAX_VERDICTS, ...clock })
    this.#overruns = new LRUCache({ max: MAX_OVERRUN_VERSIONS, ttl: CONCLUSION_MS, ...clock })
  }

  /** Throws the verdict on this version of the source, or on this spec of it, if there is one. */
  assertNone(source: Source, spec: VariantSpec): void {
    const verdict = this.#find(source, spec)
    // A fresh error each time: the stack of the first request would mislead.
    if (verdict !== undefined) throw new GatewayError(verdict.code, verdict.message)
  }

  /** Remembers a verdict that somebody has come to; one that is known already says nothing new. */
  note(verdict: Verdict, source: Source, spec: VariantSpec): void {
    // Whoever restores it makes no new version of it.
    if (verdict.code === 'source_archived' || this.#find(source, spec) !== undefined) return
    if (verdict.code === 'source_overran') this.#noteOverrun(source, spec)
    const name = isOfSpec(verdict, spec) ? renditionName(source, spec) : versionName(source)
    this.#verdicts.set(name, verdict, verdict.code === 'source_crashed' ? { ttl: CRASH_MS } : {})
  }

  #find(source: Source, spec: VariantSpec): Pick<Verdict, 'code' | 'message'> | undefined {
    const own = this.#verdicts.get(renditionName(source, spec))
    // What no picture can be made of can still be a drawing, such as one that is packed.
    if (own !== undefined || isDrawing(spec)) return own
    return this.#verdicts.get(versionName(source)) ?? this.#conclude(source, spec)
  }

  #noteOverrun(source: Source, spec: VariantSpec): void {
    // What is a drawing is another matter, and an overlay may have been too much.
    if (isDrawing(spec) || isDrawnOn(spec)) return
    const name = versionName(source)
    const overruns = new Map(this.#overruns.get(name)).set(specName(spec), extrasOf(spec))
    this.#overruns.set(name, overruns)
  }

  /** What others that asked for no more say of a spec. Strangers' edits and sizes so take no smaller picture from anybody. */
  #conclude(source: Source, spec: VariantSpec): Pick<Verdict, 'code' | 'message'> | undefined {
    const overruns = this.#overruns.get(versionName(source))
    if (overruns === undefined) return undefined
    const extras = extrasOf(spec)
    const smaller = [...overruns.values()].filter((each) => each.every((extra) => extras.includes(extra)))
    if (smaller.length <= OVERRUNS_ALLOWED) return undefined
    return { code: 'source_overran', message: 'The picture took too long to render, again and again' }
  }
}

/** What is too much at one size may be little at another, and what is no drawing is a picture all the same. */
function isOfSpec({ code }: Verdict, spec: VariantSpec): boolean {
  if (code === 'source_overran' || code === 'source_too_large' || isDrawing(spec)) return true
  // A decoder may have died of an overlay.
  if (isDrawnOn(spec)) return true
  // What strangers want done to a picture may be too much: they must not take it from everybody.
  return (code === 'source_broken' || code === 'source_crashed') && sizeOf(spec)?.edits !== undefined
}

function isDrawnOn(spec: VariantSpec): boolean {
  return (sizeOf(spec)?.edits?.draw ?? []).length > 0
}

function extrasOf(spec: VariantSpec): readonly Extra[] {
  const edits = sizeOf(spec)?.edits
  const isSideOnly = 'facts' in spec && spec.facts === 'measure' && edits?.trim === undefined
  const extras: Extra[] = isSideOnly ? [] : ['decoding']
  if (edits !== undefined) extras.push('edits')
  if ('facts' in spec) return extras
  if (spec.format === 'webp' || spec.format === 'gif') extras.push('frames')
  const { width, height } = sidesOf(spec)
  const isWhole = width === undefined && height === undefined
  if (isWhole || Math.max(width ?? 0, height ?? 0) > SMALL_SIDE) extras.push('pixels')
  return extras
}

function versionName(source: Source): string {
  return `${source.key}@${source.version}`
}

function renditionName(source: Source, spec: VariantSpec): string {
  return `${versionName(source)}/${specName(spec)}`
}
