import { expect, test } from 'vitest'
import { createMetrics } from '../../src/telemetry/metrics.ts'

const hit = { route: 'img', status: 200, class: 'A', layer: 'memory' } as const

test('every request is in the metrics once, however often they are read', async () => {
  const { registry, requests } = createMetrics()
  const linesOf = async () =>
    (await registry.metrics()).split('\n').filter((line) => line.startsWith('halftone_requests_total{'))
  expect(await linesOf()).toEqual([])
  for (let count = 0; count < 3; count += 1) requests.add(hit)
  requests.add({ ...hit, status: 304 })
  const counted = [
    'halftone_requests_total{route="img",status="200",class="A",layer="memory"} 3',
    'halftone_requests_total{route="img",status="304",class="A",layer="memory"} 1',
  ]
  expect(await linesOf()).toEqual(counted)
  expect(await linesOf()).toEqual(counted)
  requests.add(hit)
  expect(await linesOf()).toContain(counted[0]?.replace(/3$/, '4'))
})
