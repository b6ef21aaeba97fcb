import type { Caching } from '../cdn/cache-policy.ts'
import type { GatewayError } from '../errors.ts'
import type { Source } from '../sources/source.ts'
import type { TransformSpec, VariantSpec } from '../transform/spec.ts'
import type { SourcePath } from '../urls/image-request.ts'
import type { Layer, RenderTimings, Variant } from './variant.ts'
import type { Visitor } from './visitor.ts'

/** Where a versioned path is: the canonical source, its version, the canonical spec. */
export interface VersionedPath {
  readonly source: SourcePath
  readonly version: string
  readonly spec: VariantSpec
}

/** What identifies an answer before any work. */
export interface Headline extends Caching {
  readonly etag: string
  readonly lastModified: Date
  /** Cache tags, comma-separated; none of what no cache may keep. */
  readonly tags: string
  /** Where exactly this picture is for good, when it was asked for by another path. */
  readonly canonical?: VersionedPath
}

/** A picture to answer with. */
export interface Answer extends Headline {
  readonly variant: Variant
  readonly layer: Layer
  readonly timings?: RenderTimings | undefined
  /** What kind of other picture it is, where the one that was asked for is not made just now. */
  readonly standIn?: StandIn | undefined
}

/** `larger`: the next larger one that is there; `fast`: the same by the quickest encoder. */
export type StandIn = 'larger' | 'fast'

/** The picture, or the versioned path where it is now. */
export type Delivered = Answer | { readonly moved: VersionedPath; readonly cacheClass: Caching['cacheClass'] }

/** Who something is made for, as far as turns are shared out by it. */
export interface Requester {
  readonly dialect: string
  /** What the client's address counts as. */
  readonly client?: string | undefined
  /** Whether nobody waits for it. */
  readonly isBackground: boolean
}

/** Until when somebody waits, and who that is. */
export interface Waiting {
  readonly signal?: AbortSignal | undefined
  readonly requester?: Requester | undefined
}

/** Who asks, and until when they wait. */
export interface Asking extends Waiting {
  readonly visitor: Visitor
  readonly signal: AbortSignal
}

/** What a picture draws on whose size a stranger has chosen, if it has to be made. */
export interface OffLadder {
  /** Takes one render of this source, if there is enough left for it. */
  take(source: Source, spec: VariantSpec): Promise<boolean>
  /** What is answered when there was none left, and nothing can stand in: `too_many_requests`. */
  refusal(): GatewayError
}

export interface DeliverOptions extends Asking {
  /** Whether a picture that is stored nowhere may be rendered. */
  readonly mayRender: boolean
  /** What rendering it draws on; without it on nothing. */
  readonly offLadder?: OffLadder | undefined
  /** Whether it is stored however many there are: somebody has signed for it. */
  readonly isSigned?: boolean | undefined
  /** The same picture in other formats that would do as well. */
  readonly alternatives?: (() => readonly TransformSpec[]) | undefined
}
