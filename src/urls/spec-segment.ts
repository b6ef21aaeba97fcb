import { GatewayError } from '../errors.ts'
import { parsePresets, type Presets } from '../transform/presets.ts'
import { formatEdits } from '../transform/edits.ts'
import { parseEdits } from '../transform/parse-edits.ts'
import {
  checkSides,
  DENSITIES,
  type Density,
  fittedSize,
  parseSize,
  scaleSize,
  sidesOf,
} from '../transform/size.ts'

import {
  type AskedSpec,
  AUTO,
  type EditedSize,
  FACTS_NAMES,
  FITS,
  isAuto,
  measureOf,
  OUTPUT_FORMATS,
  type OutputFormat,
  type Size,
  sizeName,
  specName,
  type TransformSpec,
  sizeOf,
  type VariantSpec,
  withFormat,
} from '../transform/spec.ts'

/** Stands in the place of a format: how large the picture would be. */
const MEASURED = 'json'

/** The last segment of a native URL, `{size}[@{n}x][,{option}={value}…].{format}` or the name of facts, understood. */
export interface SpecSegment {
  readonly spec: AskedSpec
  /** Whether the size was a preset's name. */
  readonly preset: boolean
  /** The same choice of words, canonically written: lower case, no leading zeros, `jpg`. */
  readonly spelling: string
}

const SEGMENT =
  /^(?<size>[a-z0-9_-]+)(?:@(?<density>[0-9.]+)x)?(?:,fit=(?<fit>[a-z-]+))?(?:,(?<edits>[^@]+))?\.(?<format>[a-z0-9]+)$/i

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
  const named = fitted(parseNamedSize((parts['size'] ?? '').toLowerCase(), presets), parts['fit'])
  const density = parts['density'] === undefined ? undefined : parseDensity(parts['density'])
  const format = parseFormat((parts['format'] ?? '').toLowerCase())
  const edits = parts['edits'] === undefined ? undefined : parseEdits(parts['edits'])
  if (named.size.fit === 'original' && density !== undefined) {
    throw fault('density', `"${named.name}" is of the source's own size and takes none`)
  }
  const spec = inFormat(
    { ...checkSides(scaleSize(named.size, density ?? 1)), ...(edits && { edits }) },
    format,
  )
  const done = sizeOf(spec)?.edits
  return {
    spec,
    // What else is done to it is nobody's preset.
    preset: named.preset && done === undefined,
    spelling: `${spelling(named, density)}${formatEdits(done)}.${format}`,
  }
}

const NO_PRESETS = parsePresets('')

/** Reads what `specName` makes of a picture's spec, as it stands in keys; `undefined` for anything else. */
export function parseSpecName(name: string): TransformSpec | undefined {
  const spec = parseVariantName(name)
  return spec === undefined || 'facts' in spec ? undefined : spec
}

/** The same of facts as well. */
export function parseVariantName(name: string): VariantSpec | undefined {
  try {
    const { spec } = parseSpecSegment(name, NO_PRESETS)
    return isAuto(spec) || specName(spec) !== name ? undefined : spec
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}

function inFormat(size: EditedSize, format: OutputFormat | typeof AUTO | typeof MEASURED): AskedSpec {
  return format === MEASURED ? measureOf(size) : withFormat(size, format)
}

interface NamedSize {
  readonly name: string
  readonly size: Size
  readonly preset: boolean
}

function spelling({ name }: NamedSize, density: Density | undefined): string {
  if (density === undefined) return name
  const [sides, ...fit] = name.split(',')
  return [`${sides}@${density}x`, ...fit].join(',')
}

/** A size with another fit than its own, where one is asked for; a preset has the operator's. */
function fitted(named: NamedSize, fit: string | undefined): NamedSize {
  if (fit === undefined) return named
  const known = FITS.find((known) => known === fit)
  if (known === undefined) throw fault('fit', `must be one of ${FITS.join(', ')}`)
  if (named.preset) throw fault('fit', `"${named.name}" has one already and takes no other`)
  const { width, height } = sidesOf(named.size)
  const size = fittedSize(known, width, height)
  return { ...named, size, name: sizeName(size) }
}

function parseNamedSize(text: string, presets: Presets): NamedSize {
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

function parseFormat(text: string): OutputFormat | typeof AUTO | typeof MEASURED {
  if (text === AUTO || text === MEASURED) return text
  const wanted = text === 'jpeg' ? 'jpg' : text
  const format = OUTPUT_FORMATS.find((format) => format === wanted)
  if (format !== undefined) return format
  throw fault('format', `must be one of ${OUTPUT_FORMATS.join(', ')}, ${AUTO}, ${MEASURED}`)
}

function fault(argument: string, message: string): GatewayError {
  return new GatewayError('invalid_target', `${argument}: ${message}`)
}
