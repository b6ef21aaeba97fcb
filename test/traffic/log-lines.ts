/** The fields of a standard log of CloudFront, in their order. */
export const FIELDS = [
  'date',
  'time',
  'x-edge-location',
  'sc-bytes',
  'c-ip',
  'cs-method',
  'cs(Host)',
  'cs-uri-stem',
  'sc-status',
  'cs(Referer)',
  'cs(User-Agent)',
  'cs-uri-query',
  'cs(Cookie)',
  'x-edge-result-type',
  'x-edge-request-id',
  'x-host-header',
  'cs-protocol',
  'cs-bytes',
  'time-taken',
  'x-forwarded-for',
  'ssl-protocol',
  'ssl-cipher',
  'x-edge-response-result-type',
  'cs-protocol-version',
  'fle-status',
  'fle-encrypted-fields',
  'c-port',
  'time-to-first-byte',
  'x-edge-detailed-result-type',
  'sc-content-type',
  'sc-content-len',
  'sc-range-start',
  'sc-range-end',
] as const

type Cells = Partial<Record<(typeof FIELDS)[number], string>>

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
  return FIELDS.map((name) => (name === 'x-edge-detailed-result-type' ? detail : all[name]) ?? '-').join('\t')
}

/** A whole file. */
export const logFile = (lines: readonly string[], fields: readonly string[] = FIELDS): string =>
  ['#Version: 1.0', `#Fields: ${fields.join(' ')}`, ...lines, ''].join('\n')
