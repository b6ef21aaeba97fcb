import { renderPicture } from '../../src/pixels/render.ts'
import type { Picture, RenderJob } from '../../src/pixels/messages.ts'
import { DEFAULT_RENDERING, type RenderingSettings } from '../../src/transform/rendering-settings.ts'
import type { TransformSpec } from '../../src/transform/spec.ts'
import { LIMITS } from './limits.ts'

/** Renders under the default limits and settings, but for those given. */
export function render(
  source: Uint8Array,
  spec: TransformSpec,
  options: Partial<Pick<RenderJob, 'limits' | 'focus' | 'overlays'>> & {
    readonly settings?: Partial<RenderingSettings>
  } = {},
): Promise<Picture> {
  const settings = { ...DEFAULT_RENDERING, ...options.settings }
  const { limits = LIMITS, focus, overlays } = options
  return renderPicture({ kind: 'render', source, spec, limits, focus, overlays, settings })
}
