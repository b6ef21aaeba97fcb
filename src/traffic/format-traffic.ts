import type { EdgeCost, EdgePriceTable } from './edge-prices.ts'
import { type EdgeTraffic, RESULTS } from './edge-traffic.ts'
import { type Cells, formatBytes, formatShare, table } from './text-table.ts'
import { GATEWAY_LAYERS, type GatewayTraffic } from './gateway-traffic.ts'
import type { LogReading } from './read-logs.ts'

const LOCATIONS_SHOWN = 20

const whole = (count: number) => count.toLocaleString('en')

/** What the edge's logs say, for people. */
export function formatEdge(
  edge: EdgeTraffic,
  { files, unreadable }: LogReading,
  cost: EdgeCost,
  prices: EdgePriceTable,
): string[] {
  const { hitRatio, locationHitRatio, countsTooLowBy: error } = edge
  const from = edge.from === undefined ? '' : `, ${edge.from} to ${edge.to} UTC`
  const results = RESULTS.filter((name) => edge.results[name].requests > 0).map((name): Cells => {
    const { requests, bytes } = edge.results[name]
    return [name, whole(requests), formatShare(requests / edge.requests), formatBytes(bytes)]
  })
  const locations = edge.locations
    .slice(0, LOCATIONS_SHOWN)
    .map(
      (one): Cells => [one.location, whole(one.requests), formatShare(one.hitRatio), formatBytes(one.bytes)],
    )
  const statuses = Object.entries(edge.statuses).map(([status, count]): Cells => [status, whole(count)])
  const tops: readonly [string, EdgeTraffic['topMisses']][] = [
    ['misses by path', edge.topMisses],
    ['pictures', edge.topPictures],
  ]
  return [
    `The edge: ${whole(edge.requests)} requests in ${whole(files)} files${from}; ${whole(unreadable)} lines could not be read`,
    `Hit ratio ${formatShare(hitRatio)}, without Origin Shield ${formatShare(locationHitRatio)}`,
    `Sent ${formatBytes(edge.bytes)}, of which the origin was spared ${formatBytes(edge.bytesSaved)}`,
    '',
    ...table(['result', 'requests', 'share', 'sent'], results),
    '',
    ...table(['location', 'requests', 'hits', 'sent'], locations),
    '',
    ...table(['status', 'requests'], statuses),
    ...tops.flatMap(([name, top]) =>
      top.length === 0
        ? []
        : [
            '',
            ...table(
              [name, 'requests'],
              top.map(({ key, count }): Cells => [key, whole(count)]),
            ),
          ],
    ),
    ...(error > 0 ? [`Of these, counts may be too low by ${whole(error)}`] : []),
    '',
    formatCost(cost, prices),
  ]
}

/** What the gateways' counters say, for people. */
export function formatGateways(traffic: GatewayTraffic, gateways: number): string[] {
  const { pictures, others, layers, hitRatio } = traffic
  const rows = GATEWAY_LAYERS.map((layer): Cells => {
    const share = pictures === 0 ? undefined : layers[layer] / pictures
    return [layer, whole(layers[layer]), formatShare(share)]
  })
  return [
    `The gateways: ${whole(pictures)} pictures from ${whole(gateways)} of them since they were started, and ${whole(others)} answers without one`,
    `Hit ratio ${formatShare(hitRatio)}: not rendered`,
    '',
    ...table(['layer', 'pictures', 'share'], rows),
  ]
}

function formatCost(cost: EdgeCost, { currency, name }: EdgePriceTable): string {
  const money = (amount: number) => `${amount.toFixed(2)} ${currency}`
  const shield = cost.shield > 0 ? `, Origin Shield ${money(cost.shield)}` : ''
  return `Estimate, not a bill: ${money(cost.total)} for these requests (transfer ${money(cost.transfer)}, requests ${money(cost.requests)}${shield}) by the prices "${name}", without free tiers.`
}
