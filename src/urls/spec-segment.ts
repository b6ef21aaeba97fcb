import { GatewayError } from '../errors.ts'
import type { Presets } from '../transform/presets.ts'
import { checkSides, DENSITIES, type Density, parseSize, scaleSize } from '../transform/size.ts'
import {
  type AskedSpec,
  AUTO,
  FACTS_NAMES,
  OUTPUT_FORMATS,
  type OutputFormat,
  type Size,
  sizeName,
} from '../transform/spec.ts'

/** The last segment of a native URL, `{size}[@{n}x].{format}` or the name of facts, understood. */
export interface SpecSegment {
  readonly spec: AskedSpec
  /** Whether the size was a preset's name. */
  readonly preset: boolean
  /** The same choice of words, canonically written: lower case, no leading zeros, `jpg`. */
  readonly spelling: string
}

const SEGMENT = /^(?<size>[a-z0-9_-]+)(?:@(?<density>[0-9.]+)x)?\.(?<format>[a-z0-9]+)$/i

/** Reads the decoded last segment; throws `invalid_target` naming the part at fault and what is accepted. */
export function parseSpecSegment(text: string, presets: Presets): SpecSegment {
  const facts = FACTS_NAMES.find((name) => name === text.toLowerCase())
  if (facts !== undefined) return { spec: { facts }, preset: false, spelling: facts }
  const parts = SEGMENT.exec(text)?.groups
  if (!parts) {
    const names = FACTS_NAMES.join(', ')
    throw fault(
      'last segment',
      `must be {size}.{format} or {size}@{n}x.{format}, such as 800.webp, or one of ${names}`,
    )
  }
  const named = parseNamedSize((parts['size'] ?? '').toLowerCase(), presets)
  const density = parts['density'] === undefined ? undefined : parseDensity(parts['density'])
  const format = parseFormat((parts['format'] ?? '').toLowerCase())
  if (named.size.fit === 'original' && density !== undefined) {
    throw fault('density', `"${named.name}" is of the source's own size and takes none`)
  }
  return {
    spec: { ...checkSides(scaleSize(named.size, density ?? 1)), format },
    preset: named.preset,
    spelling: `${named.name}${density === undefined ? '' : `@${density}x`}.${format}`,
  }
}

function parseNamedSize(text: string, presets: Presets): { name: string; size: Size; preset: boolean } {
  const preset = presets.get(text)
  if (preset) return { name: text, size: preset, preset: true }
  const size = parseSize(text)
  if (size) return { name: sizeName(size), size, preset: false }
  const names = [...presets.keys()].join(', ')
  throw fault('size', `must be a width (800), a height (x600), a box (800x600) or one of ${names}`)
}

function parseDensity(text: string): Density {
  const digits = text.replace(/^0+/, '')
  const density = DENSITIES.find((density) => String(density) === digits)
  if (density !== undefined) return density
  throw fault('density', `must be one of ${DENSITIES.map((density) => `@${density}x`).join(', ')}`)
}

function parseFormat(text: string): OutputFormat | typeof AUTO {
  if (text === AUTO) return AUTO
  const wanted = text === 'jpeg' ? 'jpg' : text
  const format = OUTPUT_FORMATS.find((format) => format === wanted)
  if (format !== undefined) return format
  throw fault('format', `must be one of ${OUTPUT_FORMATS.join(', ')}, ${AUTO}`)
}

function fault(argument: string, message: string): GatewayError {
  return new GatewayError('invalid_target', `${argument}: ${message}`)
}
