import type { EditedSize, FittedSize } from '../transform/spec.ts'

/** Sides in pixels. */
export interface Sides {
  readonly width: number
  readonly height: number
}

/** A place in a picture: fractions of its sides, 0 to 1. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** A part of a picture, in whole pixels. */
export interface Box extends Sides {
  readonly left: number
  readonly top: number
}

/** A picture to be made a box: scaled to these sides, then cut out from here. */
export interface Crop {
  readonly scaled: Sides
  readonly left: number
  readonly top: number
}

/**
 * The exact sides of a variant. Width and height never enlarge (but what is `scalable`, a drawing) and keep the aspect
 * ratio, the other side rounded to the nearest pixel (halves up) and at least 1; a box is always exactly that box.
 */
export function targetSides(source: Sides, spec: EditedSize, scalable = false): Sides {
  const within = (wanted: number, has: number) => (scalable ? wanted : Math.min(wanted, has)) / has
  switch (spec.fit) {
    case 'original':
      return { width: source.width, height: source.height }
    case 'width':
      return scaled(source, within(spec.width, source.width))
    case 'height':
      return scaled(source, within(spec.height, source.height))
    case 'cover':
      return { width: spec.width, height: spec.height }
    default:
      return fittedSides(source, spec, scalable)
  }
}

/** The sides by the other fits. */
function fittedSides(source: Sides, { fit, width, height }: FittedSize, scalable: boolean): Sides {
  const [across, down] = [(width ?? Infinity) / source.width, (height ?? Infinity) / source.height]
  const inside = Math.min(across, down)
  const box = { width: width ?? source.width, height: height ?? source.height }
  switch (fit) {
    case 'scale-down':
      return scaled(source, scalable ? inside : Math.min(inside, 1))
    case 'contain':
      return scaled(source, inside)
    case 'scale-up':
      return scaled(source, Math.max(inside, 1))
    case 'pad':
    case 'squeeze':
      return box
    case 'crop':
      if (scalable) return box
      return { width: Math.min(box.width, source.width), height: Math.min(box.height, source.height) }
    case 'aspect-crop': {
      const filled = Math.max(across, down)
      if (scalable || filled <= 1) return box
      return { width: atLeastOne(box.width / filled), height: atLeastOne(box.height / filled) }
    }
  }
}

/** The sides of a picture within the padding that it will get: its target, where it gets none. */
export function paddedSides(source: Sides, spec: EditedSize, scalable = false): Sides {
  return targetSides(source, spec.fit === 'pad' ? { ...spec, fit: 'contain' } : spec, scalable)
}

/** Whether something is cut off the picture, so that it has to be known what stays. */
export function isCut({ fit }: EditedSize): boolean {
  return fit === 'cover' || fit === 'crop' || fit === 'aspect-crop'
}

/** The part of a picture that fills a box with the focal point as near its middle as the picture's edges allow. */
export function cropAround(source: Sides, box: Sides, focus: Point): Crop {
  const sides = filling(source, box)
  return {
    scaled: sides,
    left: offset(focus.x * sides.width, box.width, sides.width),
    top: offset(focus.y * sides.height, box.height, sides.height),
  }
}

/** The part of a picture that fills a box, where `x` and `y` are the shares of what is cut off at left and top. */
export function cropByShares(source: Sides, box: Sides, { x, y }: Point): Crop {
  const sides = filling(source, box)
  return {
    scaled: sides,
    left: Math.round((sides.width - box.width) * x),
    top: Math.round((sides.height - box.height) * y),
  }
}

/** The sides at which a picture just covers a box. */
export function filling(source: Sides, box: Sides): Sides {
  const factor = Math.max(box.width / source.width, box.height / source.height)
  // Rounding must not leave the box a pixel short.
  return {
    width: Math.max(box.width, Math.round(source.width * factor)),
    height: Math.max(box.height, Math.round(source.height * factor)),
  }
}

function offset(centre: number, length: number, available: number): number {
  return Math.round(Math.min(Math.max(centre - length / 2, 0), available - length))
}

function scaled(source: Sides, factor: number): Sides {
  return { width: atLeastOne(source.width * factor), height: atLeastOne(source.height * factor) }
}

function atLeastOne(side: number): number {
  return Math.max(1, Math.round(side))
}
