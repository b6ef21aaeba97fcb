import type { Layer } from './draw.ts'

/** Layers as a lens sees them in front of, or behind, what it is focused on; blends and shadows stay. */
export const outOfFocus = (layers: readonly Layer[], blur: number): readonly Layer[] =>
  layers.map((layer) => ({ ...layer, blur: (layer.blur ?? 0) + blur }))
