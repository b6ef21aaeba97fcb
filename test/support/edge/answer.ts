import type { EdgeAnswer, EdgeRequest } from './edge.ts'

/** What a viewer gets of a whole answer: 304, a range, a head, or all of it. */
export function answerViewer(request: EdgeRequest, answer: EdgeAnswer): EdgeAnswer {
  if (isNotModified(request, answer)) {
    const { 'content-length': _, ...headers } = answer.headers
    return { ...answer, status: 304, headers, body: Buffer.alloc(0) }
  }
  if (request.method === 'HEAD') return { ...answer, body: Buffer.alloc(0) }
  return cut(request, answer)
}

/** The one range that a request names, as it stands there; several at once get the whole. */
export function singleRange({ method, headers }: EdgeRequest): string | undefined {
  const { range } = headers
  return method === 'GET' && range !== undefined && /^bytes=(?:\d+-\d*|-\d+)$/.test(range) ? range : undefined
}

function isNotModified({ headers }: EdgeRequest, answer: EdgeAnswer): boolean {
  if (answer.status !== 200) return false
  const { etag, 'last-modified': modified } = answer.headers
  const { 'if-none-match': match, 'if-modified-since': since } = headers
  if (match !== undefined) {
    const wanted = match.split(',').map((tag) => tag.trim())
    return wanted.includes('*') || (etag !== undefined && wanted.map(weak).includes(weak(etag)))
  }
  return since !== undefined && modified !== undefined && Date.parse(modified) <= Date.parse(since)
}

const weak = (etag: string) => etag.replace(/^W\//, '')

/** The range of a whole answer; chunked ones are not cut, their length was not known. */
function cut(request: EdgeRequest, answer: EdgeAnswer): EdgeAnswer {
  const range = singleRange(request)
  const { 'content-length': length, etag } = answer.headers
  const { 'if-range': onlyIf } = request.headers
  if (range === undefined || answer.status !== 200 || length === undefined) return answer
  if (onlyIf !== undefined && onlyIf !== etag) return answer
  const size = answer.body.length
  const bounds = boundsOf(range, size)
  if (bounds === undefined) {
    const headers = { 'content-range': `bytes */${size}`, 'content-length': '0' }
    return { status: 416, headers, body: Buffer.alloc(0) }
  }
  const body = answer.body.subarray(bounds.start, bounds.end + 1)
  const headers = {
    ...answer.headers,
    'content-length': `${body.length}`,
    'content-range': `bytes ${bounds.start}-${bounds.end}/${size}`,
  }
  return { ...answer, status: 206, headers, body }
}

function boundsOf(range: string, size: number): { start: number; end: number } | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? []
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  return start < size && start <= end ? { start, end } : undefined
}
