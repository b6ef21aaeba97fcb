import type { EdgeAnswer, EdgeLogLine, EdgeRequest } from './edge.ts'
import { splitTarget } from './key.ts'
import { addressOf } from './origin-request.ts'

/** The fields of CloudFront's standard logs, in their order. */
export const LOG_FIELDS = [
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

/** The two lines that a log file begins with. */
export const LOG_HEAD = `#Version: 1.0\n#Fields: ${LOG_FIELDS.join(' ')}\n`

/** One line of a log file. */
export const formatLogLine = (line: EdgeLogLine): string =>
  `${LOG_FIELDS.map((field) => line[field] ?? '-').join('\t')}\n`

/** One request at a location, when it is answered. */
export interface Viewed {
  readonly location: string
  readonly request: EdgeRequest
  readonly answer: EdgeAnswer
  /** As `X-Cache` has it, and the finer word for it. */
  readonly result: string
  readonly detailed: string
  readonly requestId: string
  readonly startedAt: number
  readonly endedAt: number
}

/** What the standard logs say of a request. */
export function logLine(viewed: Viewed): EdgeLogLine {
  const { request, answer, result, detailed, endedAt } = viewed
  const { path, query } = splitTarget(request.target)
  const [date = '', time = ''] = new Date(endedAt).toISOString().split(/[T.]/)
  const taken = ((endedAt - viewed.startedAt) / 1000).toFixed(3)
  const host = request.headers['host'] ?? 'edge.test'
  const [, start = '-', end = '-'] = /^bytes (\d+)-(\d+)/.exec(answer.headers['content-range'] ?? '') ?? []
  return {
    date,
    time,
    'x-edge-location': viewed.location,
    'sc-bytes': `${headBytes(answer) + answer.body.length}`,
    'c-ip': addressOf(request),
    'cs-method': request.method,
    'cs(Host)': 'edge.test',
    'cs-uri-stem': escaped(path),
    'sc-status': `${answer.status}`,
    'cs(Referer)': escaped(request.headers['referer']),
    'cs(User-Agent)': escaped(request.headers['user-agent']),
    'cs-uri-query': escaped(query.join('&')),
    'cs(Cookie)': '-',
    'x-edge-result-type': result,
    'x-edge-request-id': viewed.requestId,
    'x-host-header': host,
    'cs-protocol': 'https',
    'cs-bytes': `${request.target.length + 200}`,
    'time-taken': taken,
    'x-forwarded-for': escaped(request.headers['x-forwarded-for']),
    'ssl-protocol': 'TLSv1.3',
    'ssl-cipher': 'TLS_AES_128_GCM_SHA256',
    'x-edge-response-result-type': result,
    'cs-protocol-version': 'HTTP/2.0',
    'fle-status': '-',
    'fle-encrypted-fields': '-',
    'c-port': '40000',
    'time-to-first-byte': taken,
    'x-edge-detailed-result-type': detailed,
    'sc-content-type': escaped(answer.headers['content-type']),
    'sc-content-len': answer.headers['content-length'] ?? '-',
    'sc-range-start': start,
    'sc-range-end': end,
  }
}

/** No field has a blank, a quote or a control character in it; an empty one is a dash. */
function escaped(text = ''): string {
  if (text === '') return '-'
  return text.replaceAll(/[^\x21-\x7e]|["<>\\^`{|}]/g, (character) => encodeURIComponent(character))
}

function headBytes({ headers }: EdgeAnswer): number {
  return Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + value.length + 4, 20)
}
