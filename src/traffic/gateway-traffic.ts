/** Where gateways found the pictures that they answered with. */
export const GATEWAY_LAYERS = ['memory', 'bucket', 'render', 'collapsed'] as const
export type GatewayLayer = (typeof GATEWAY_LAYERS)[number]

/** What the counters of gateways say about pictures since each was started. */
export interface GatewayTraffic {
  /** Pictures by the layer that they came from; `collapsed` ones came with somebody else's. */
  readonly layers: Readonly<Record<GatewayLayer, number>>
  /** All of them. */
  readonly pictures: number
  /** Of those at picture routes: 304s, redirects and errors. */
  readonly others: number
  /** The share that was not rendered; `undefined` before the first picture. */
  readonly hitRatio: number | undefined
}

const SAMPLE = /^halftone_requests_total\{(.*)\} (\d+(?:\.\d+)?(?:e\+?\d+)?)$/

/** Adds up the counters in the texts that gateways' `/metrics` answer with. */
export function readGatewayTraffic(texts: readonly string[]): GatewayTraffic {
  const layers: Record<GatewayLayer, number> = { memory: 0, bucket: 0, render: 0, collapsed: 0 }
  let others = 0
  for (const line of texts.flatMap((text) => text.split('\n'))) {
    const [, labels, value] = SAMPLE.exec(line) ?? []
    if (labels === undefined || !/(?:^|,)route="s?img"/.test(labels)) continue
    const name = /(?:^|,)layer="(\w+)"/.exec(labels)?.[1]
    const layer = GATEWAY_LAYERS.find((known) => known === name)
    if (layer === undefined) others += Number(value)
    else layers[layer] += Number(value)
  }
  const pictures = GATEWAY_LAYERS.reduce((sum, layer) => sum + layers[layer], 0)
  const hitRatio = pictures === 0 ? undefined : (pictures - layers.render) / pictures
  return { layers, pictures, others, hitRatio }
}
