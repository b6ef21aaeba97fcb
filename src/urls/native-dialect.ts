import { GatewayError } from '../errors.ts'
import type { Presets } from '../transform/presets.ts'
import {
  type AskedSpec,
  AUTO,
  isAuto,
  OUTPUT_FORMATS,
  specName,
  type VariantSpec,
} from '../transform/spec.ts'
import type { Dialect, Parsed } from './dialect.ts'
import type { ImageRequest } from './image-request.ts'
import { signRest, verifyRest } from './signature.ts'
import { parseSourcePath } from './source-path.ts'
import { parseSpecSegment } from './spec-segment.ts'
import { formatPath, parseSegments, pathOf, type Segment } from './target.ts'
import { MAX_KEY_BYTES } from './variant-key.ts'
import { parseVersionSegment } from './version.ts'

/** `/img/…` and `/simg/{signature}/…`. */
export interface NativeDialect extends Dialect {
  /** The path of a variant under its version; `source` is canonical and decoded. */
  formatVersioned(source: string, version: string, spec: VariantSpec, options?: FormatOptions): string

  /** The path of a variant under whatever version is current; `source` is decoded. */
  formatUnversioned(source: string, spec: AskedSpec, options?: FormatOptions): string
}

export interface FormatOptions {
  /** Signs the path with the first key; a `ParsedImage` says here what it was itself. */
  readonly signed: boolean
}

export interface NativeDialectOptions {
  readonly presets: Presets
  /** The first signs, all verify; none: signed targets are refused. */
  readonly signingKeys: readonly string[]
}

/** The dialect of Halftone's own URLs. */
export function createNativeDialect({ presets, signingKeys }: NativeDialectOptions): NativeDialect {
  const format = (rest: string, { signed }: FormatOptions = { signed: false }): string =>
    signed ? formatSigned(rest, signingKeys) : `/img/${rest}`

  function parse(rawTarget: string): Parsed {
    const path = pathOf(rawTarget)
    const [route, ...segments] = parseSegments(path)
    if (route?.text === 'img') {
      const { request, rest } = parseRest(segments, presets)
      return settle(path, { request, signed: false, canonicalTarget: format(rest) })
    }
    if (route?.text === 'simg') return parseSigned(path, segments)
    throw new GatewayError('invalid_target', 'path: must begin with /img/ or /simg/')
  }

  function parseSigned(path: string, [signature, ...segments]: readonly Segment[]): Parsed {
    const rawRest = segments.map(({ raw }) => raw).join('/')
    if (!signature || !verifyRest(rawRest, signature.text, signingKeys)) {
      throw new GatewayError('invalid_signature', 'signature: must be one over the rest of this path')
    }
    const { request, rest } = parseRest(segments, presets)
    const canonicalTarget =
      rest === rawRest ? `/simg/${signature.text}/${rest}` : format(rest, { signed: true })
    return settle(path, { request, signed: true, canonicalTarget })
  }

  return {
    parse,
    formatVersioned: (source, version, spec, options) =>
      format(`${formatPath(source)}/@${version}/${specName(spec)}`, options),
    formatUnversioned: (source, spec, options) => format(`${formatPath(source)}/${specName(spec)}`, options),
  }
}

interface ImageTarget {
  readonly request: ImageRequest
  readonly signed: boolean
  readonly canonicalTarget: string
}

function settle(path: string, image: ImageTarget): Parsed {
  if (path !== image.canonicalTarget) return { kind: 'redirect', location: image.canonicalTarget }
  return { kind: 'image', ...image }
}

/** What follows `/img/`: the request, and the one spelling of it. */
function parseRest(segments: readonly Segment[], presets: Presets): { request: ImageRequest; rest: string } {
  const { spec, preset, spelling } = parseSpecSegment(segments.at(-1)?.text ?? '', presets)
  const version = parseVersionSegment(segments.at(-2)?.raw ?? '')
  const source = parseSourcePath(segments.slice(0, version === undefined ? -1 : -2).map(({ text }) => text))
  checkSource(source.path)
  if (isAuto(spec)) {
    if (version !== undefined) throw autoOfVersion()
    return { request: { source, spec, preset }, rest: `${formatPath(source.path)}/${spelling}` }
  }
  if (version === undefined) {
    return { request: { source, spec, preset }, rest: `${formatPath(source.path)}/${spelling}` }
  }
  return {
    request: { source, version, spec, preset },
    rest: `${formatPath(source.path)}/@${version}/${specName(spec)}`,
  }
}

/** A versioned path stands for the same bytes for ever, whoever asks. */
function autoOfVersion(): GatewayError {
  const formats = OUTPUT_FORMATS.join(', ')
  return new GatewayError(
    'invalid_target',
    `format: with a version it must be one of ${formats}, not ${AUTO}`,
  )
}

function checkSource(path: string): void {
  const bytes = Buffer.byteLength(path)
  if (bytes >= 1 && bytes <= MAX_KEY_BYTES) return
  throw new GatewayError('invalid_target', `source: must be a path of 1 to ${MAX_KEY_BYTES} bytes`)
}

function formatSigned(rest: string, [key]: readonly string[]): string {
  if (key === undefined)
    throw new GatewayError('signature_required', 'signature: no signing key is configured')
  return `/simg/${signRest(rest, key)}/${rest}`
}
