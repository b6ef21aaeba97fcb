import { formatEdits, MAX_EDITS_LENGTH } from './edits.ts'
import { sidesOf } from './size.ts'
import type { Size, TransformSpec } from './spec.ts'

/**
 * The pictures that can stand in for one of the same version, best first: of the same format and with the same edits,
 * showing the same part of it at least as large, whatever the source's own sides are.
 */
export function standInsFor(asked: TransformSpec, specs: readonly TransformSpec[]): readonly TransformSpec[] {
  const edits = visibleEdits(asked)
  return specs
    .filter((spec) => spec.format === asked.format && isLarger(spec, asked) && visibleEdits(spec) === edits)
    .toSorted((one, other) => {
      const [a, b] = [boxOf(one), boxOf(other)]
      return least(a) - least(b) || most(a) - most(b)
    })
}

/**
 * The same picture by the quickest encoder, of another name; `undefined` where it is made so already, or where its name
 * would be too long for a key.
 */
export function quickened(asked: TransformSpec): TransformSpec | undefined {
  const { edits = {} } = asked
  const longest = MAX_EDITS_LENGTH - ',fast=1'.length
  if (edits.fast || formatEdits(edits).length > longest) return undefined
  return { ...asked, edits: { ...edits, fast: true } }
}

interface Box {
  readonly width: number
  readonly height: number
}

/** The sides that a size keeps within; where it names none, there is none. */
function boxOf(size: Size): Box {
  const { width = Infinity, height = Infinity } = sidesOf(size)
  return { width, height }
}

const least = ({ width, height }: Box): number => Math.min(width, height)
// Infinity less itself is no number to sort by.
const most = ({ width, height }: Box): number => Math.min(Number.MAX_SAFE_INTEGER, Math.max(width, height))

/** Sizes that show the whole picture, undistorted and not enlarged: one whose box is larger is a larger picture. */
const WHOLE: ReadonlySet<Size['fit']> = new Set(['original', 'width', 'height', 'scale-down'])

function isLarger(size: Size, asked: Size): boolean {
  const [box, least] = [boxOf(size), boxOf(asked)]
  if (box.width < least.width || box.height < least.height) return false
  if (WHOLE.has(asked.fit)) return WHOLE.has(size.fit)
  return size.fit === asked.fit && isOfRatio(box, least)
}

/** Whether two boxes cut out the same part, but for rounding; a box that leaves a side open, the same side. */
function isOfRatio(larger: Box, box: Box): boolean {
  if (box.width === Infinity || larger.width === Infinity) return larger.width === box.width
  if (box.height === Infinity || larger.height === Infinity) return larger.height === box.height
  const scale = larger.width / box.width
  return Math.abs(larger.height - box.height * scale) <= scale
}

/** What is done to a picture, without what is only ever seen as better or worse. */
function visibleEdits({ edits = {} }: TransformSpec): string {
  const { quality: _quality, fast: _fast, baseline: _baseline, ...visible } = edits
  return formatEdits(visible)
}
