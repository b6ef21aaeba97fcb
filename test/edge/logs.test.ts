import { expect, test } from 'vitest'
import { formatLogLine, LOG_FIELDS, LOG_HEAD } from '../support/edge/logs.ts'
import { ASHBURN, createStage, FRANKFURT, says } from './twin.ts'

test('a line for each view, with what it came to', async () => {
  const stage = createStage({ shield: true })
  stage.origin = ({ target }) =>
    target === '/none' ? says({}, { status: 404 }) : says({ 'cache-control': 'max-age=60' })
  await stage.get('/a?x=1')
  await stage.get('/a', { 'user-agent': 'A "b" c', referer: 'https://shop.test/' })
  await stage.get('/a', {}, ASHBURN)
  await stage.get('/none')
  const chosen = stage.lines.map((line) =>
    [
      'x-edge-location',
      'cs-uri-stem',
      'cs-uri-query',
      'sc-status',
      'x-edge-result-type',
      'x-edge-detailed-result-type',
    ].map((field) => line[field]),
  )
  expect(chosen).toEqual([
    [FRANKFURT, '/a', 'x=1', '200', 'Miss', 'Miss'],
    [FRANKFURT, '/a', '-', '200', 'Hit', 'Hit'],
    [ASHBURN, '/a', '-', '200', 'Miss', 'OriginShieldHit'],
    [FRANKFURT, '/none', '-', '404', 'Error', 'Error'],
  ])
  expect(stage.lines[1]).toMatchObject({
    date: '2026-11-01',
    time: '12:00:00',
    'cs(User-Agent)': 'A%20%22b%22%20c',
    'cs(Referer)': 'https://shop.test/',
    'cs-method': 'GET',
    'c-ip': '198.51.100.1',
    'sc-content-len': '7',
  })
})

test('bytes and ranges are those that were sent', async () => {
  const stage = createStage()
  stage.origin = () => says({ 'cache-control': 'max-age=60' }, { body: 'x'.repeat(10_000) })
  await stage.get('/a')
  await stage.get('/a', { range: 'bytes=10-19' })
  const [whole, part] = stage.lines
  expect(Number(whole?.['sc-bytes'])).toBeGreaterThan(10_000)
  expect(Number(part?.['sc-bytes'])).toBeLessThan(1000)
  expect([part?.['sc-range-start'], part?.['sc-range-end']]).toEqual(['10', '19'])
})

test('a file: two lines at its head, then tabs between as many fields', async () => {
  const stage = createStage()
  await stage.get('/a b', { 'user-agent': 'Tab\tin it' })
  const [line = {}] = stage.lines
  const cells = formatLogLine(line).trimEnd().split('\t')
  expect(cells).toHaveLength(LOG_FIELDS.length)
  expect(cells.every((cell) => cell !== '' && !/\s/.test(cell))).toBe(true)
  const [version = '', fields = ''] = LOG_HEAD.split('\n')
  expect(version).toBe('#Version: 1.0')
  expect(fields.replace('#Fields: ', '').split(' ')).toEqual([...LOG_FIELDS])
})
