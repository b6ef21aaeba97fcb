import type { WarmReport } from './warm.ts'

/** Shows how far a warming is. */
export interface Progress {
  show(report: WarmReport): void
  /** Leaves an empty line for what is said next. */
  end(): void
}

interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

const BAR_CELLS = 30
/** A terminal is told no more often. */
const FRAME_MS = 100
/** A log is told after so many pictures. */
const LINE_EVERY = 1_000

/** A bar on a terminal, where it is known how many pictures there are; else a line now and then. */
export function createProgress(screen: Screen, total: number | undefined, now = Date.now): Progress {
  let shownAt = Number.NEGATIVE_INFINITY
  return screen.isTTY === true
    ? {
        show(report) {
          if (now() - shownAt < FRAME_MS) return
          shownAt = now()
          screen.write(`\r\x1b[2K${line(report, total, true).slice(0, (screen.columns ?? 80) - 1)}`)
        },
        end: () => void screen.write('\r\x1b[2K'),
      }
    : {
        show(report) {
          if (settled(report) % LINE_EVERY === 0) screen.write(`${line(report, total, false)}\n`)
        },
        end() {},
      }
}

const settled = ({ warm, absent, failed }: WarmReport) => warm + absent + failed

function line(report: WarmReport, total: number | undefined, hasBar: boolean): string {
  const done = settled(report)
  const notes = [
    `${report.by.edge + report.by.memory + report.by.bucket} were there`,
    `${report.by.render} rendered`,
    ...(report.failed > 0 ? [`${report.failed} failed`] : []),
    ...(report.waits > 0 ? [`waited ${report.waits} times`] : []),
  ].join(', ')
  if (total === undefined) return `${done} pictures: ${notes}`
  const share = total === 0 ? 1 : Math.min(1, done / total)
  const filled = Math.round(share * BAR_CELLS)
  const bar = hasBar ? `${'█'.repeat(filled)}${'░'.repeat(BAR_CELLS - filled)} ` : ''
  return `${bar}${Math.floor(share * 100)} % ${done}/${total}: ${notes}`
}
