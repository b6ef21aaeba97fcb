import type { BenchGateway } from './stage.ts'

/**
 * So much of a turn must have been answered by the layer that the scenario is about. Not all: every few seconds a look-up
 * runs out, and in a very short turn those who wait for the next one are many.
 */
const ENOUGH = 0.5

/** Does `work` and throws when the gateway answered it from elsewhere: the figures would be of something else. */
export async function fromLayer<T>(gateway: BenchGateway, layer: string, work: () => Promise<T>): Promise<T> {
  const before = (await gateway.metrics()).layers
  const result = await work()
  const after = (await gateway.metrics()).layers
  const counts = Object.fromEntries(
    Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)]),
  )
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
  if ((counts[layer] ?? 0) < total * ENOUGH) {
    throw new Error(`Wanted answers of the layer ${layer}, got ${JSON.stringify(counts)}`)
  }
  return result
}
