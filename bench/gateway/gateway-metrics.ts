const SAMPLE = /^(\w+)(?:\{(.*)\})? (\S+)$/

/** What the bench reads off a gateway's admin port. */
export interface GatewayMetrics {
  /** Resident memory of the gateway and its render workers, in MB. */
  readonly rssMb: number
  /** Pictures rendered since the start. */
  readonly renders: number
  /** Requests since the start by the layer that answered. */
  readonly layers: Readonly<Record<string, number>>
  /** Pictures that wait for a render slot, and that are being rendered. */
  readonly waiting: number
  readonly rendering: number
  /** Calls of the bucket since the start. */
  readonly bucketCalls: number
  /** Processor time of the gateway's own process since the start, without its workers. */
  readonly cpuSeconds: number
}

export async function readMetrics(adminUrl: string): Promise<GatewayMetrics> {
  const response = await fetch(`${adminUrl}/metrics`)
  return parseMetrics(await response.text())
}

/** From the text that Prometheus reads. */
export function parseMetrics(text: string): GatewayMetrics {
  const totals = new Map<string, number>()
  const layers: Record<string, number> = {}
  for (const line of text.split('\n')) {
    const [, name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? []
    totals.set(name, (totals.get(name) ?? 0) + Number(value))
    const layer = /layer="(\w+)"/.exec(labels)?.[1]
    if (name === 'halftone_requests_total' && layer !== undefined) {
      layers[layer] = (layers[layer] ?? 0) + Number(value)
    }
  }
  const total = (name: string) => totals.get(name) ?? 0
  const rssBytes = total('process_resident_memory_bytes') + total('halftone_worker_memory_bytes')
  return {
    rssMb: rssBytes / 1e6,
    renders: total('halftone_render_seconds_count'),
    layers,
    waiting: total('halftone_queue_length'),
    rendering: total('halftone_rendering'),
    bucketCalls: total('halftone_bucket_calls_total'),
    cpuSeconds: total('process_cpu_seconds_total'),
  }
}
