import type { BenchGateway } from '../stage.ts'

/**
 * So much of a turn must have been answered by the layer that the scenario is about. Not all: every few seconds a look-up
 * runs out, and in a very short turn those who wait for the next one are many.
 */
const ENOUGH = 0.5

/** Does `work` and throws when the gateway answered it from elsewhere: the figures would be of something else. */
export async function fromLayer<T>(gateway: BenchGateway, layer: string, work: () => Promise<T>): Promise<T> {
  const { result, shares } = await shareOf(gateway, work)
  if (!((shares[layer] ?? 0) >= ENOUGH)) {
    throw new Error(`Wanted answers of the layer ${layer}, got ${JSON.stringify(shares)}`)
  }
  return result
}

/** Does `work` and says which share of it each layer of the gateway has answered. */
export async function shareOf<T>(
  gateway: BenchGateway,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly shares: Readonly<Record<string, number>> }> {
  const before = (await gateway.metrics()).layers
  const result = await work()
  const after = (await gateway.metrics()).layers
  const counts = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)] as const)
  const total = counts.reduce((sum, [, count]) => sum + count, 0)
  return { result, shares: Object.fromEntries(counts.map(([name, count]) => [name, count / total])) }
}
