import { expect, test } from 'vitest'
import { EdgeRefusal } from '../../src/purging/purging.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { addPurgeGauges, createMetrics } from '../../src/telemetry/metrics.ts'
import { recordEdgeCalls, recordSetAside } from '../../src/telemetry/recorders.ts'

test('calls of the edge are counted and logged, and what they cost', async () => {
  const lines: string[] = []
  const metrics = createMetrics()
  const log = createLog('info', { write: (line) => void lines.push(line) })
  const record = recordEdgeCalls(log, metrics)
  const call = { isLast: false, cost: { items: 40, wildcards: 1 }, purges: 50 }
  record({ ...call, outcome: 'taken', id: 'I1' })
  record({ ...call, outcome: 'denied', message: 'AccessDenied: no' })
  recordSetAside(log, metrics)(['#a b'], new EdgeRefusal('invalid', 'InvalidArgument'))
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: 'info', msg: 'edge purged', items: 40, wildcards: 1, purges: 50, invalidation: 'I1' },
    { level: 'warn', msg: 'edge not purged', outcome: 'denied', reason: 'AccessDenied: no' },
    { level: 'error', msg: 'edge will not take an item: set aside', items: ['#a b'] },
  ])
  const text = await metrics.registry.metrics()
  expect(text).toContain('halftone_purge_calls_total{outcome="taken"} 1\n')
  expect(text).toContain('halftone_purge_calls_total{outcome="denied"} 1\n')
  expect(text).toContain('halftone_purge_items_total{kind="single"} 39\n')
  expect(text).toContain('halftone_purge_items_total{kind="wildcard"} 1\n')
  expect(text).toContain('halftone_purge_dollars_total 0.2\n')
  expect(text).toContain('halftone_purges_set_aside_total 1\n')
})

test('the gauges are read when somebody scrapes', async () => {
  const { registry } = createMetrics()
  addPurgeGauges(registry, { waiting: () => 3, sent: () => 2, oldestSeconds: () => 1.5 })
  const text = await registry.metrics()
  expect(text).toContain('\nhalftone_purges_waiting 3\n')
  expect(text).toContain('\nhalftone_purges_sent 2\n')
  expect(text).toContain('\nhalftone_purges_oldest_seconds 1.5\n')
})
