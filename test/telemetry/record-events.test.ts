import { expect, test } from 'vitest'
import { createLog } from '../../src/telemetry/log.ts'
import { addEventGauges, createMetrics } from '../../src/telemetry/metrics.ts'
import { recordEvents } from '../../src/telemetry/recorders.ts'
import { eventOf } from '../events/events.ts'

test('deliveries are counted by outcome, and those that failed are logged', async () => {
  const lines: string[] = []
  const metrics = createMetrics()
  const record = recordEvents(createLog('info', { write: (line) => void lines.push(line) }), metrics)
  const event = eventOf('items/1', 7, { detail: { fileName: 'private.jpg' } })
  record({ outcome: 'delivered', event, failures: 0 })
  record({ outcome: 'failed', event, failures: 1, reason: 'The receiver answered 500' })
  record({ outcome: 'dead', event, failures: 2, reason: 'The receiver answered 500' })
  const told = { event: event.id, type: event.type, object: 'items/1', reason: 'The receiver answered 500' }
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { ...told, level: 'warn', msg: 'event not delivered', failures: 1 },
    { ...told, level: 'error', msg: 'event given up', failures: 2 },
  ])
  expect(lines.join()).not.toContain('private.jpg')
  const { values } = await metrics.events.get()
  expect(values.map(({ labels, value }) => [labels.outcome, value])).toEqual([
    ['delivered', 1],
    ['failed', 1],
    ['dead', 1],
  ])
})

test('the gauges are read when somebody scrapes', async () => {
  const { registry } = createMetrics()
  let pending = 0
  addEventGauges(registry, { pending: () => pending, oldestSeconds: () => 2.5 })
  pending = 3
  const text = await registry.metrics()
  expect(text).toContain('\nhalftone_events_pending 3\n')
  expect(text).toContain('\nhalftone_events_oldest_seconds 2.5\n')
})
