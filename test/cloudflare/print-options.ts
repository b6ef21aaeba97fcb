import type { AskedOptions } from '../../src/cloudflare/parse-options.ts'
import type { Edits, Gravity, Trim } from '../../src/transform/edits.ts'
import { sidesOf } from '../../src/transform/size.ts'

type Pair = readonly [name: string, value: string | number | undefined]

/** One spelling of what was understood, decoded; `operators` is what a JPEG keeps where nothing is said. */
export function printOptions(
  { size, edits = {}, format, redirectsOnError }: AskedOptions,
  operators: 'copyright' | 'none',
): string {
  const { width, height } = sidesOf(size)
  const pairs: readonly Pair[] = [
    ['width', width],
    ['height', height],
    ['fit', ['original', 'width', 'height'].includes(size.fit) ? 'scale-down' : size.fit],
    ['gravity', size.fit === 'cover' || /crop/.test(size.fit) ? printGravity(edits.gravity) : undefined],
    ...(edits.trim ? printTrim(edits.trim) : []),
    ['flip', edits.flip],
    ['rotate', edits.rotate],
    ['background', edits.background && `#${edits.background}`],
    ['brightness', edits.brightness],
    ['contrast', edits.contrast],
    ['gamma', edits.gamma],
    ['saturation', edits.saturation],
    ['sharpen', edits.sharpen],
    ['blur', edits.blur],
    ...printBorder(edits),
    ['draw', edits.draw?.join(';')],
    ['quality', edits.quality],
    ['anim', edits.still && 'false'],
    ['compression', edits.fast && 'fast'],
    ['metadata', edits.metadata ?? operators],
    ['format', printFormat(format, edits)],
    ['onerror', redirectsOnError ? 'redirect' : undefined],
  ]
  return pairs.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`])).join(',')
}

function printGravity(gravity: Gravity | undefined): string {
  if (gravity === undefined) return 'auto'
  if (gravity.by === 'entropy') return gravity.by
  return `${gravity.x}x${gravity.y}${gravity.by === 'centre' ? ';box-center' : ''}`
}

function printTrim(trim: Trim): readonly Pair[] {
  switch (trim.by) {
    case 'sides':
      return [['trim', [trim.sides.top, trim.sides.right, trim.sides.bottom, trim.sides.left].join(';')]]
    case 'box':
      return [
        ['trim.left', trim.box.left],
        ['trim.top', trim.box.top],
        ['trim.width', trim.box.width],
        ['trim.height', trim.box.height],
      ]
    case 'border':
      return [
        ['trim', 'border'],
        ['trim.border.color', trim.border.colour && `#${trim.border.colour}`],
        ['trim.border.tolerance', trim.border.tolerance],
        ['trim.border.keep', trim.border.keep],
      ]
  }
}

function printBorder({ border }: Edits): readonly Pair[] {
  if (border === undefined) return []
  const { top, right, bottom, left, colour } = border
  return [
    ['border', [top, right, bottom, left].join(';')],
    ['border.color', `#${colour}`],
  ]
}

function printFormat(format: AskedOptions['format'], { baseline }: Edits): string | undefined {
  switch (format) {
    case 'plain':
      return undefined
    case 'jpg':
      return baseline ? 'baseline-jpeg' : 'jpeg'
    case 'png':
      return 'png-force'
    case 'measure':
      return 'json'
    case 'drawing':
      return 'svg'
    case 'gif':
      throw new Error('No option asks for GIF')
    default:
      return format
  }
}
