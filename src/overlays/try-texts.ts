import type { Renderer } from '../render/renderer.ts'
import type { OverlayPresets } from '../transform/overlay.ts'

const BLANK = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="512" height="512"/>')

/** Writes each of the operator's texts once, over nothing; throws `overlay_unusable` where there is no font to do it with. */
export async function tryTexts(renderer: Pick<Renderer, 'render'>, presets: OverlayPresets): Promise<void> {
  for (const [name, overlay] of presets) {
    if (!('text' in overlay)) continue
    const spec = { fit: 'original', format: 'png', edits: { draw: [name] } } as const
    await renderer.render(BLANK, spec, { overlays: [{ name, overlay }] })
  }
}
