import { GatewayError } from '../errors.ts'
import type { GetOptions, GetResult } from '../storage/object-store.ts'
import {
  isInline,
  type Overlay,
  type OverlayPresets,
  type OverlayToDraw,
  parseInline,
} from '../transform/overlay.ts'
import { PictureFiles } from './picture-files.ts'

const MB = 1024 * 1024
const MAX_FILE_BYTES = 10 * MB
const MEMORY_BYTES = 32 * MB
const TTL_MS = 5 * 60_000

/** What is drawn over pictures. */
export interface Overlays {
  /**
   * The overlays of these names, with their files. Throws `invalid_target` for a name that the operator has not given, and
   * `overlay_not_found` for a file that is not there: a picture without its watermark is never made.
   */
  find(names: readonly string[], signal?: AbortSignal): Promise<readonly OverlayToDraw[]>
}

export interface OverlaysOptions {
  readonly presets: OverlayPresets
  /** The bucket's files, whoever may see them. */
  readonly pictures: { readonly get: (key: string, options: GetOptions) => Promise<GetResult> }
  /** The largest source; a logo is not to be larger, and hardly ever is so large. */
  readonly maxSourceBytes: number
  /** How long the bucket may take. */
  readonly timeoutMs: number
  /** Whether a file may be drawn over any picture by anybody: an overlay in a URL shows no other. */
  readonly isFree: (key: string, signal?: AbortSignal) => Promise<boolean>
}

/** The operator's overlays, and those that stand in URLs. */
export function createOverlays(options: OverlaysOptions): Overlays {
  const { presets, pictures, isFree, maxSourceBytes, timeoutMs } = options
  const files = new PictureFiles({
    get: (key, how) => pictures.get(key, how),
    maxBytes: Math.min(MAX_FILE_BYTES, maxSourceBytes),
    memoryBytes: MEMORY_BYTES,
    ttlMs: TTL_MS,
    timeoutMs,
  })

  async function find(name: string, signal?: AbortSignal): Promise<OverlayToDraw> {
    const overlay = isInline(name) ? parseInline(name) : preset(presets, name)
    if ('text' in overlay) return { name, overlay }
    const isAllowed = !isInline(name) || (await isFree(overlay.url, signal))
    const picture = isAllowed ? await files.find(overlay.url, signal) : undefined
    if (picture !== undefined) return { name, overlay, picture }
    // The key of one of the operator's is nobody's business.
    const what = isInline(name) ? overlay.url : name
    throw new GatewayError('overlay_not_found', `The picture of the overlay ${what} is not there`)
  }
  return { find: (names, signal) => Promise.all(names.map((name) => find(name, signal))) }
}

function preset(presets: OverlayPresets, name: string): Overlay {
  const found = presets.get(name)
  if (found !== undefined) return found
  throw new GatewayError('invalid_target', `draw: there is no overlay ${name}`)
}
