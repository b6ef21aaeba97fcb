import type { FocalPoint } from '../transform/rendering-settings.ts'
import type { EditedSize } from '../transform/spec.ts'
import {
  type Box,
  type Crop,
  cropAround,
  cropByShares,
  filling,
  isCut,
  paddedSides,
  type Sides,
  targetSides,
} from './geometry.ts'
import { trimmedBox } from './trim.ts'
import { movedPoint, turnedSides } from './turn.ts'

/** What all sides follow from. */
export interface LayoutOptions {
  /** The part that trimming leaves, where it was found in the pixels. */
  readonly area?: Box | undefined
  /** What stays in view when a box is cut out and the edits say nothing of it. */
  readonly focus?: FocalPoint | undefined
  /** Whether it is a drawing, which has no pixels to be enlarged. */
  readonly scalable?: boolean | undefined
  /** Pixels that may be looked at to find what stays in view; of more the middle does. */
  readonly maxSearched?: number | undefined
}

/** The sides of a picture on its way from source to variant. */
export interface Layout {
  /** The part that trimming leaves. */
  readonly area: Box
  /** That part, turned: what is brought to a size. */
  readonly base: Sides
  /** The picture at its size, without padding and border. */
  readonly target: Sides
  /** Where to cut a box out, when that is known before. */
  readonly crop?: Crop | undefined
  /** The picture with padding; `undefined` where there is none. */
  readonly canvas?: Sides | undefined
  /** What is encoded. */
  readonly output: Sides
}

/** All sides, by arithmetic alone. */
export function layOut(source: Sides, spec: EditedSize, options: LayoutOptions = {}): Layout {
  const { edits = {} } = spec
  const { focus, scalable } = options
  const area = options.area ?? trimmedBox(source, edits.trim)
  const base = turnedSides(area, edits)
  const target = paddedSides(base, spec, scalable)
  const canvas = spec.fit === 'pad' ? targetSides(base, spec, scalable) : undefined
  const moved = focus && movedPoint(focus, source, area, edits)
  const { top = 0, right = 0, bottom = 0, left = 0 } = edits.border ?? {}
  const inner = canvas ?? target
  return {
    area,
    base,
    target,
    crop: isCut(spec)
      ? (plannedCrop(base, target, spec, moved) ?? middleOf(base, target, options))
      : undefined,
    canvas,
    output: { width: inner.width + left + right, height: inner.height + top + bottom },
  }
}

/** A long strip that fills a box may be enlarged beyond all bounds on the way, however small the box is. */
function middleOf(base: Sides, target: Sides, { maxSearched = Infinity }: LayoutOptions): Crop | undefined {
  const { width, height } = filling(base, target)
  return width * height > maxSearched ? cropByShares(base, target, { x: 0.5, y: 0.5 }) : undefined
}

function plannedCrop(
  base: Sides,
  target: Sides,
  { edits }: EditedSize,
  focus: FocalPoint | undefined,
): Crop | undefined {
  switch (edits?.gravity?.by) {
    case 'remainder':
      return cropByShares(base, target, edits.gravity)
    case 'centre':
      return cropAround(base, target, edits.gravity)
    case 'entropy':
      return undefined
    default:
      return focus && cropAround(base, target, focus)
  }
}
