import { describe, expect, it } from 'vitest'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import { readGatewayTraffic } from '../../src/traffic/gateway-traffic.ts'

async function metricsOf(requests: readonly (readonly [route: string, layer: string, count: number])[]) {
  const metrics = createMetrics()
  for (const [route, layer, count] of requests)
    for (let counted = 0; counted < count; counted += 1)
      metrics.requests.add({ route, layer, status: 200, class: 'B' })
  return metrics.registry.metrics()
}

describe('requirements: CDN – hit ratio of memory and bucket', () => {
  it('is read off what gateways say of themselves, all of them together', async () => {
    const one = await metricsOf([
      ['img', 'memory', 6],
      ['img', 'bucket', 2],
      ['simg', 'render', 1],
      ['img', 'none', 3],
      ['api', 'none', 5],
    ])
    const other = await metricsOf([
      ['img', 'memory', 4],
      ['img', 'collapsed', 1],
      ['img', 'render', 1],
    ])
    expect(readGatewayTraffic([one, other])).toEqual({
      layers: { memory: 10, bucket: 2, render: 2, collapsed: 1 },
      pictures: 15,
      others: 3,
      hitRatio: 13 / 15,
    })
  })

  it('is not stated before the first picture, or of what is no metrics', () => {
    expect(readGatewayTraffic(['<html>not found</html>'])).toMatchObject({ pictures: 0, hitRatio: undefined })
  })
})
