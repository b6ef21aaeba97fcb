import { LOG_FIELDS } from '../support/edge/logs.ts'

type Cells = Partial<Record<(typeof LOG_FIELDS)[number], string>>

const HIT: Cells = {
  date: '2026-11-22',
  time: '12:00:00',
  'x-edge-location': 'FRA56-P4',
  'sc-bytes': '1000',
  'cs-method': 'GET',
  'cs-uri-stem': '/img/items/42/800.webp',
  'sc-status': '200',
  'x-edge-result-type': 'Hit',
}

/** A line of a log: a hit in Frankfurt, but for what is given. The detailed type is that of the result unless it is given. */
export function logLine(cells: Cells = {}): string {
  const all: Cells = { ...HIT, ...cells }
  const detail = all['x-edge-detailed-result-type'] ?? all['x-edge-result-type']
  return LOG_FIELDS.map((name) => (name === 'x-edge-detailed-result-type' ? detail : all[name]) ?? '-').join(
    '\t',
  )
}

/** A whole file. */
export const logFile = (lines: readonly string[], fields: readonly string[] = LOG_FIELDS): string =>
  ['#Version: 1.0', `#Fields: ${fields.join(' ')}`, ...lines, ''].join('\n')
