import { parseArgs } from 'node:util'
import { UsageError } from '../usage-error.ts'

export interface StudyOptions {
  /** A folder of photographs to take instead of the painted ones. */
  readonly pictures: string | undefined
  /** Where plots, tables and measurements go. */
  readonly out: string
  /** Widths in pixels that every picture is measured at. */
  readonly widths: readonly number[]
  /** Only series whose name contains one of these; all when empty. */
  readonly series: readonly string[]
  /** At most so many pictures of each kind. */
  readonly count: number
}

/** What the command line asks for: everything at 800 wide, unless it says otherwise. */
export function parseStudyOptions(args: readonly string[]): StudyOptions {
  const { pictures, out, widths, series, count } = parse(args)
  return {
    pictures,
    out,
    widths: widths.split(',').map((width) => wholeNumber('--widths', width, 4096)),
    series: series ?? [],
    count: count === undefined ? Number.POSITIVE_INFINITY : wholeNumber('--count', count, 1000),
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        pictures: { type: 'string' },
        out: { type: 'string', default: 'data/quality' },
        widths: { type: 'string', default: '800' },
        series: { type: 'string', multiple: true },
        count: { type: 'string' },
      },
    }).values
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

function wholeNumber(name: string, text: string, max: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value > 0 && value <= max) return value
  throw new UsageError(`${name} ${text}: accepted are whole numbers from 1 to ${max}`)
}
