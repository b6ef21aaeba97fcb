import { describe, expect, it } from 'vitest'
import { DEFAULT_EDGE_PRICES, edgeCost } from '../../src/traffic/edge-prices.ts'
import { EdgeTally } from '../../src/traffic/edge-traffic.ts'
import { LogParser } from '../../src/traffic/log-parser.ts'
import { LOG_FIELDS } from '../support/edge/logs.ts'
import { logLine } from './log-lines.ts'

const HEAD = `#Fields: ${LOG_FIELDS.join(' ')}`

function parse(line: string, head = HEAD) {
  const parser = new LogParser()
  expect(parser.parse(head)).toBe('comment')
  return parser.parse(line)
}

function measure(lines: readonly string[]) {
  const parser = new LogParser()
  parser.parse(HEAD)
  const tally = new EdgeTally()
  for (const line of lines) {
    const entry = parser.parse(line)
    if (typeof entry === 'string') throw new Error(`${entry}: ${line}`)
    tally.add(entry)
  }
  return tally.report(3)
}

describe('a line of the standard logs', () => {
  it('is read by the names of the fields, in whatever order', () => {
    expect(parse(logLine())).toEqual({
      at: '2026-11-22 12:00:00',
      location: 'FRA56-P4',
      bytes: 1000,
      method: 'GET',
      path: '/img/items/42/800.webp',
      status: 200,
      result: 'Hit',
      detail: 'Hit',
    })
    const head = '#Fields: sc-status x-edge-result-type cs-uri-stem cs-method sc-bytes x-edge-location asn'
    expect(parse('404\tError\t/img/a\tHEAD\t7\tHAM50\t64496', head)).toMatchObject({
      at: '',
      status: 404,
      bytes: 7,
      detail: 'Error',
    })
  })

  it('may be JSON', () => {
    const line = JSON.stringify({
      date: '2026-11-22',
      time: '12:00:00',
      'x-edge-location': 'FRA56-P4',
      'sc-bytes': 12,
      'cs-method': 'GET',
      'cs-uri-stem': '/img/a.jpg/800.webp',
      'sc-status': '200',
      'x-edge-result-type': 'Miss',
    })
    expect(new LogParser().parse(line)).toMatchObject({ bytes: 12, result: 'Miss', detail: 'Miss' })
    expect(new LogParser().parse('{"date":')).toBe('unreadable')
    expect(new LogParser().parse('{"date":["x"]}')).toBe('unreadable')
  })

  it.each([
    ['/img/photos/a%2520b.jpg/800.webp', '/img/photos/a%20b.jpg/800.webp'],
    ['/img/photos/%2540x.jpg/800.webp', '/img/photos/%40x.jpg/800.webp'],
    ['/img/photos/caf%C3%A9.jpg/800.webp', '/img/photos/caf%C3%A9.jpg/800.webp'],
    ['/img/items/42/%7B800%7D.webp', '/img/items/42/{800}.webp'],
    ['/img/a%0d%0aX%00%zz%', '/img/a%0d%0aX%00%zz%'],
  ])('has its path as it was asked for: %s', (stem, path) => {
    expect(parse(logLine({ 'cs-uri-stem': stem }))).toMatchObject({ path })
  })

  it.each([
    ['too few cells', logLine().slice(0, 90)],
    ['too many cells', `${logLine()}\tmore`],
    ['bytes that are no number', logLine({ 'sc-bytes': '-5' })],
    ['more bytes than there are', logLine({ 'sc-bytes': '9'.repeat(40) })],
    ['a status that is none', logLine({ 'sc-status': '2000' })],
    ['a location that steers a terminal', logLine({ 'x-edge-location': '\u001b[2J' })],
    ['a result that is no word', logLine({ 'x-edge-result-type': '__proto__[x]' })],
    ['nothing that is a log', '\u0000\u0001\u0002'],
  ])('is unreadable, and no more: %s', (_, line) => {
    expect(parse(line)).toBe('unreadable')
  })

  it('is unreadable before the head, and where the head lacks a field', () => {
    expect(new LogParser().parse(logLine())).toBe('unreadable')
    const parser = new LogParser()
    parser.parse('#Fields: date time sc-bytes')
    expect(parser.parse('2026-11-22\t12:00:00\t5')).toBe('unreadable')
    expect(parser.missing).toContain('x-edge-result-type')
  })
})

describe('requirements: CDN – hit ratio of the edge', () => {
  const lines = [
    ...Array.from({ length: 6 }, () => logLine()),
    logLine({ 'x-edge-result-type': 'RefreshHit', time: '11:00:00' }),
    logLine({ 'x-edge-result-type': 'Miss', 'x-edge-location': 'HAM50', 'sc-bytes': '3000' }),
    logLine({ 'x-edge-result-type': 'Miss', 'x-edge-detailed-result-type': 'OriginShieldHit' }),
    logLine({ 'x-edge-result-type': 'Miss', 'cs-uri-stem': '/img/items/7/@A7wTvEoQz-QeMLL/800.avif' }),
    logLine({ 'x-edge-result-type': 'Error', 'sc-status': '404', 'cs-uri-stem': '/img/items/8/800.webp' }),
    logLine({ 'x-edge-result-type': 'Redirect', 'sc-status': '301' }),
    logLine({ 'x-edge-result-type': 'LimitExceeded', 'sc-status': '503' }),
    logLine({ 'x-edge-result-type': 'constructor' }),
    logLine({ 'x-edge-result-type': 'Miss', 'cs-method': 'POST', 'cs-uri-stem': '/api/v1/uploads' }),
    logLine({ 'x-edge-result-type': 'Hit', 'cs-uri-stem': '/simg/abc/items/7/800.webp', time: '13:00:00' }),
  ]

  it('is the share of hits, of Origin Shield too, among reads that were no errors', () => {
    const edge = measure(lines)
    expect(edge.requests).toBe(16)
    expect(edge.results).toMatchObject({
      hit: { requests: 7, bytes: 7000 },
      shield: { requests: 1 },
      refresh: { requests: 1 },
      miss: { requests: 3 },
      error: { requests: 1 },
      refused: { requests: 1 },
      redirect: { requests: 1 },
      other: { requests: 1 },
    })
    expect(edge.hitRatio).toBeCloseTo(8 / 11)
    expect(edge.locationHitRatio).toBeCloseTo(7 / 11)
    expect(edge).toMatchObject({ from: '2026-11-22 11:00:00', to: '2026-11-22 13:00:00' })
  })

  it('comes with locations, statuses, bytes that the origin was spared, misses and pictures', () => {
    const edge = measure(lines)
    expect(edge.bytes).toBe(18_000)
    expect(edge.bytesSaved).toBe(9000)
    expect(edge.statuses).toEqual({ 200: 13, 301: 1, 404: 1, 503: 1 })
    expect(edge.locations).toEqual([
      expect.objectContaining({ location: 'FRA56-P4', requests: 15, bytes: 15_000 }),
      { location: 'HAM50', requests: 1, bytes: 3000, hitRatio: 0 },
    ])
    expect(edge.topMisses).toEqual([
      { key: '/img/items/42/800.webp', count: 1 },
      { key: '/img/items/7/@A7wTvEoQz-QeMLL/800.avif', count: 1 },
    ])
    // The redirect to HTTPS asked for it too.
    expect(edge.topPictures).toEqual([
      { key: 'items/42', count: 11 },
      { key: 'items/7', count: 2 },
    ])
    expect(edge.countsTooLowBy).toBe(0)
  })

  it('is not stated where nothing was asked', () => {
    const edge = measure([])
    expect(edge).toMatchObject({ requests: 0, bytesSaved: 0, from: undefined, hitRatio: undefined })
  })

  it('counts no more locations than there can be', () => {
    const edge = measure(
      Array.from({ length: 2_500 }, (_, index) => logLine({ 'x-edge-location': `L${index}` })),
    )
    expect(edge.locations).toHaveLength(2_001)
    expect(edge.locations[0]).toMatchObject({ location: 'other', requests: 500 })
  })

  it('comes with an estimate of the cost', () => {
    const edge = measure([
      logLine({ 'sc-bytes': String(2 ** 30) }),
      logLine({ 'x-edge-result-type': 'Miss', 'sc-bytes': '0' }),
    ])
    const plain = edgeCost(edge, { ...DEFAULT_EDGE_PRICES, perGb: 2, perTenThousandRequests: 5000 })
    expect(plain).toEqual({ transfer: 2, requests: 1, shield: 0, total: 3 })
    const shielded = measure([
      logLine({ 'x-edge-result-type': 'Miss', 'x-edge-detailed-result-type': 'OriginShieldHit' }),
      logLine({ 'x-edge-result-type': 'Miss' }),
    ])
    const prices = { ...DEFAULT_EDGE_PRICES, perTenThousandShieldRequests: 10_000 }
    expect(edgeCost(shielded, prices).shield).toBe(2)
  })
})
