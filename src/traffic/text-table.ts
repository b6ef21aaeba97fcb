/** A row of a table: its name, then its numbers as they are to be shown. */
export type Cells = readonly [name: string, ...numbers: string[]]

/** Rows under a head, a line each: names to the left, numbers to the right. */
export function table(head: Cells, rows: readonly Cells[]): string[] {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  let size = bytes
  let unit = 0
  for (; size >= 1024 && unit < UNITS.length - 1; unit += 1) size /= 1024
  return `${unit === 0 ? size : size.toFixed(1)} ${UNITS[unit]}`
}

/** `85.3 %`, or a dash where there is nothing to divide by. */
export const formatShare = (share: number | undefined): string =>
  share === undefined ? '–' : `${(share * 100).toFixed(1)} %`
