import type { TransformSpec } from '../transform/spec.ts'

/** Sides in pixels. */
export interface Sides {
  readonly width: number
  readonly height: number
}

/**
 * The exact sides of a variant. Width and height never enlarge and keep the aspect ratio, the other side rounded to
 * the nearest pixel (halves up) and at least 1; a box is always exactly that box.
 */
export function targetSides(source: Sides, spec: TransformSpec): Sides {
  switch (spec.fit) {
    case 'original':
      return { width: source.width, height: source.height }
    case 'width':
      return scaled(source, Math.min(spec.width, source.width) / source.width)
    case 'height':
      return scaled(source, Math.min(spec.height, source.height) / source.height)
    case 'cover':
      return { width: spec.width, height: spec.height }
  }
}

function scaled(source: Sides, factor: number): Sides {
  return { width: atLeastOne(source.width * factor), height: atLeastOne(source.height * factor) }
}

function atLeastOne(side: number): number {
  return Math.max(1, Math.round(side))
}
