import { LRUCache } from 'lru-cache'
import type { SizePolicy } from '../transform/size-policy.ts'
import { type AskedSpec, DRAWING, isAuto, measureOf } from '../transform/spec.ts'
import type { ImageRequest, SettledRequest, SourcePath } from '../urls/image-request.ts'
import { settleFace } from '../cloudflare/focus.ts'
import type { FoundFace } from './faces.ts'
import { hintsName } from './hints.ts'
import { type AskedOptions, type ClientHints, parseOptions } from '../cloudflare/parse-options.ts'
import type { FindSourcePaths } from './source-paths.ts'
import { parseSourceText } from '../cloudflare/source-text.ts'
import { parseCloudflareTarget } from '../cloudflare/target.ts'

export interface CloudflarePlansOptions {
  readonly mounts: readonly string[]
  readonly sizes: SizePolicy
  readonly sourcePaths: FindSourcePaths
  /** Whether the operator keeps copyright notices in pictures anyway. */
  readonly keepsCopyright: boolean
  /** Whether somebody looks for faces. */
  readonly detectsFaces?: boolean
}

/** One place where the source may be, and what is then asked for. */
export interface Place {
  readonly source: SourcePath
  readonly picture: ImageRequest
  /** Of a source that is a drawing: these are not rendered, whatever the options. */
  readonly drawing: SettledRequest
}

/** What was decided about a target: it depends on nothing else, so that it is decided once for a popular one. */
export interface CloudflarePlan {
  /** The likeliest first. */
  readonly places: readonly Place[]
  readonly outcome: 'allowed' | 'budgeted' | 'stored-only'
  /** Whether strangers may ask for the same size by a native URL. */
  readonly isNative: boolean
  /** Whether the format is chosen by `Accept`; one that is left open otherwise is the most widely known. */
  readonly isNegotiated: boolean
  readonly dependsOnHints: boolean
  /** What is said in `Warning`. */
  readonly warnings: readonly string[]
  /** What is done once it is known where the face is, of a plan that depends on that: always the same of the same. */
  readonly facing?: ((face: FoundFace) => CloudflarePlan) | undefined
}

/** A request, as far as plans look at it. */
export interface CloudflareAsking {
  /** The raw target, with its query. */
  readonly target: string
  readonly host: string
  readonly headers: Headers
}

/** What plans may cost in memory: targets are as long as strangers make them. */
const MAX_PLAN_BYTES = 32 * 1024 * 1024
const PLAN_OVERHEAD_BYTES = 2048

const BY_HINTS = 'by-hints'

/** What to do about targets of this dialect, remembered. */
export class CloudflarePlans {
  readonly #options: CloudflarePlansOptions
  readonly #readHints: (headers: Headers) => ClientHints
  readonly #known = new LRUCache<string, CloudflarePlan | typeof BY_HINTS>({
    maxSize: MAX_PLAN_BYTES,
    sizeCalculation: (_, name) => 2 * name.length + PLAN_OVERHEAD_BYTES,
  })

  constructor(options: CloudflarePlansOptions, readHints: (headers: Headers) => ClientHints) {
    this.#options = options
    this.#readHints = readHints
  }

  /** What has been decided before; `undefined` for a target that is new, or that means nothing. */
  find({ target, host, headers }: CloudflareAsking): CloudflarePlan | undefined {
    const name = `${host} ${target}`
    const known = this.#known.get(name)
    if (known !== BY_HINTS) return known
    const plan = this.#known.get(`${name} ${hintsName(this.#readHints(headers))}`)
    return plan === BY_HINTS ? undefined : plan
  }

  /**
   * What is decided now if it has not been before; `undefined` for a target that has no options or no source. Throws
   * what is wrong with it.
   */
  get(asking: CloudflareAsking): CloudflarePlan | undefined {
    const known = this.find(asking)
    if (known !== undefined) return known
    const { target, host, headers } = asking
    const hints = this.#readHints(headers)
    const plan = decide(this.#options, { target, host }, hints)
    if (plan === undefined) return undefined
    const name = `${host} ${target}`
    this.#known.set(name, plan.dependsOnHints ? BY_HINTS : plan)
    if (plan.dependsOnHints) this.#known.set(`${name} ${hintsName(hints)}`, plan)
    return plan
  }
}

function decide(
  options: CloudflarePlansOptions,
  { target, host }: Pick<CloudflareAsking, 'target' | 'host'>,
  hints: ClientHints,
): CloudflarePlan | undefined {
  const parsed = parseCloudflareTarget(target, options.mounts)
  if (parsed === undefined) return undefined
  const asked = parseOptions(parsed.options, hints, options)
  const paths = options.sourcePaths(parseSourceText(parsed.source), host)
  return planFor(asked, paths, (each) => rulingOn(each, options.sizes))
}

/** Says whether options may be rendered. */
export type Ruling = (asked: AskedOptions) => CloudflarePlan['outcome']

/** What a size policy says of options. */
export function rulingOn(asked: AskedOptions, sizes: SizePolicy): CloudflarePlan['outcome'] {
  const spec = specOf(asked)
  const { outcome } = sizes.check({ spec, preset: false }, { signed: false, takesAnySize: true })
  // A dialect that takes any size is never sent to another one.
  return outcome === 'redirect' ? 'budgeted' : outcome
}

/** What to do about options for a source that may be at these places. */
export function planFor(asked: AskedOptions, paths: readonly SourcePath[], ruleOn: Ruling): CloudflarePlan {
  const spec = specOf(asked)
  const outcome = ruleOn(asked)
  return {
    places: paths.map((source) => placeAt(source, spec)),
    outcome,
    isNative: outcome === 'allowed',
    isNegotiated: asked.format === 'auto',
    dependsOnHints: asked.dependsOnHints,
    warnings: asked.warnings,
    facing: asked.face && facing(asked, paths, ruleOn),
  }
}

function facing(asked: AskedOptions, paths: readonly SourcePath[], ruleOn: Ruling) {
  const known = new WeakMap<FoundFace, CloudflarePlan>()
  return (face: FoundFace): CloudflarePlan => {
    const plan = known.get(face) ?? planFor(settleFace(asked, face.box), paths, ruleOn)
    known.set(face, plan)
    return plan
  }
}

function specOf({ size, edits, format }: AskedOptions): AskedSpec {
  const edited = { ...size, ...(edits && { edits }) }
  switch (format) {
    case 'measure':
      return measureOf(edited)
    case 'drawing':
      return { facts: DRAWING }
    case 'auto':
    case 'plain':
      return { ...edited, format: 'auto' }
    default:
      return { ...edited, format }
  }
}

function placeAt(source: SourcePath, spec: AskedSpec): Place {
  return {
    source,
    picture: requestFor(source, spec),
    drawing: { source, spec: { facts: DRAWING }, preset: false },
  }
}

function requestFor(source: SourcePath, spec: AskedSpec): ImageRequest {
  return isAuto(spec) ? { source, spec, preset: false, looksAtSides: true } : { source, spec, preset: false }
}

/** What `Warning` says; nothing where there is nothing to say. */
export function warningOf(texts: readonly string[]): string | undefined {
  if (texts.length === 0) return undefined
  return texts.map((text) => `cf-images 299 "${text.replace(/[^\x20-\x7e]|["\\]/g, '?')}"`).join(', ')
}
