/** Steps of a channel that count as one colour: 16 cells a channel, 4,096 in all. */
const CELL_BITS = 4

interface Cell {
  readonly sum: [red: number, green: number, blue: number]
  weight: number
}

/**
 * The colour that covers most of a picture, `#rrggbb`: the mean of the fullest cell of its colours, where a pixel counts
 * as much as it is opaque. `rgba` has four bytes a pixel, opacity last; a picture wholly transparent is `#000000`.
 */
export function dominantColour(rgba: Uint8Array): string {
  const cells = new Map<number, Cell>()
  for (let at = 0; at + 3 < rgba.length; at += 4) {
    const [red = 0, green = 0, blue = 0, alpha = 0] = rgba.subarray(at, at + 4)
    const key = cellOf(red, green, blue)
    const cell = cells.get(key) ?? { sum: [0, 0, 0], weight: 0 }
    cell.sum[0] += red * alpha
    cell.sum[1] += green * alpha
    cell.sum[2] += blue * alpha
    cell.weight += alpha
    cells.set(key, cell)
  }
  let fullest: Cell = { sum: [0, 0, 0], weight: 0 }
  for (const cell of cells.values()) if (cell.weight > fullest.weight) fullest = cell
  const { sum, weight } = fullest
  return `#${sum.map((value) => hex(weight === 0 ? 0 : value / weight)).join('')}`
}

function cellOf(red: number, green: number, blue: number): number {
  const shift = 8 - CELL_BITS
  return ((((red >> shift) << CELL_BITS) | (green >> shift)) << CELL_BITS) | (blue >> shift)
}

function hex(value: number): string {
  return Math.round(value).toString(16).padStart(2, '0')
}
