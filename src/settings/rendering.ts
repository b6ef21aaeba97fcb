import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { OVERLAY_NAME, type OverlayPresets, OverlayFault, readOverlay } from '../transform/overlay.ts'
import { CROP_STRATEGIES, DEFAULT_RENDERING } from '../transform/rendering-settings.ts'
import { flag } from './types.ts'

/** What the operator decides about all pictures. */
export const renderingSettings = {
  HALFTONE_CROP: z
    .enum(CROP_STRATEGIES, { error: CROP_STRATEGIES.join(', ') })
    .default(DEFAULT_RENDERING.crop),
  HALFTONE_BACKGROUND: z
    .string()
    .regex(/^#[0-9a-f]{6}$/i, 'a colour such as #ffffff')
    .toLowerCase()
    .default(DEFAULT_RENDERING.background),
  HALFTONE_KEEP_P3: flag.default(DEFAULT_RENDERING.keepsP3),
  HALFTONE_LINEAR_RESIZE: flag.default(DEFAULT_RENDERING.linearLight),
  HALFTONE_KEEP_GAIN_MAP: flag.default(DEFAULT_RENDERING.keepsGainMap),
  HALFTONE_KEEP_COPYRIGHT: flag.default(DEFAULT_RENDERING.keepsCopyright),
  HALFTONE_INFO_EXIF: flag.default(DEFAULT_RENDERING.tellsShot),
  HALFTONE_OVERLAYS: z
    .string()
    .transform(overlays)
    .default(() => new Map()),
  HALFTONE_INLINE_OVERLAYS: flag.default(false),
}

type Settings = Pick<z.output<z.ZodObject<typeof renderingSettings>>, 'HALFTONE_OVERLAYS'> & {
  readonly HALFTONE_SOURCES: readonly string[]
}

/** What these settings say that cannot all be meant. */
export function renderingContradictions(settings: Settings): string[] {
  const { HALFTONE_OVERLAYS: presets, HALFTONE_SOURCES: prefixes } = settings
  return [...presets].flatMap(([name, overlay]) => {
    if ('text' in overlay) return []
    if (prefixes.some((prefix) => prefix === '*' || overlay.url.startsWith(prefix))) return []
    return [`HALFTONE_OVERLAYS: ${name} names ${overlay.url}, which is below no prefix of HALFTONE_SOURCES`]
  })
}

const OVERLAYS = 'overlays such as {"logo": {"url": "brand/logo.png"}}, as JSON or in a file of it'

/** JSON as it stands, or in a file. */
function overlays(text: string, context: z.RefinementCtx): OverlayPresets {
  const presets = new Map<string, ReturnType<typeof readOverlay>>()
  const fault = (why: string) => context.addIssue({ code: 'custom', message: `${OVERLAYS}: ${why}` })
  for (const [name, value] of Object.entries(namedIn(text, fault))) {
    if (!OVERLAY_NAME.test(name))
      fault(`${name}: names have up to 64 of a-z, 0-9 and -, and begin with a letter`)
    try {
      presets.set(name, readOverlay(value))
    } catch (error) {
      if (!(error instanceof OverlayFault)) throw error
      fault(`${name}: ${error.message}`)
    }
  }
  return presets
}

function namedIn(text: string, fault: (why: string) => void): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(text.trimStart().startsWith('{') ? text : readFileSync(text, 'utf8'))
    const named = z.record(z.string(), z.unknown()).safeParse(json)
    if (named.success) return named.data
    fault('this is no object')
  } catch (error) {
    if (!(error instanceof Error)) throw error
    fault('code' in error ? `the file cannot be read (${String(error.code)})` : error.message)
  }
  return {}
}
