import { expect, test } from 'vitest'
import { Figures } from '../../src/telemetry/figures.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { addGauges, createMetrics } from '../../src/telemetry/metrics.ts'

const answered = { route: 'img', class: 'A', layer: 'render' }

function start() {
  const lines: string[] = []
  const log = createLog('info', { write: (line) => void lines.push(line) })
  const metrics = createMetrics()
  const figures = new Figures({ namespace: 'shop/pictures', registry: metrics.registry, log })
  return {
    metrics,
    written: async () => {
      await figures.write()
      return JSON.parse(lines.at(-1) ?? '')
    },
  }
}

test('each line says what has happened since the one before', async () => {
  const { metrics, written } = start()
  metrics.queueSeconds.observe(0.25)
  metrics.queueSeconds.observe(0.75)
  metrics.requests.add({ ...answered, status: 200 })
  metrics.requests.add({ ...answered, status: 503 })
  expect(await written()).toMatchObject({ QueueWait: 500, Refused: 1 })
  metrics.queueSeconds.observe(2)
  metrics.requests.add({ ...answered, status: 503, route: 'simg' })
  metrics.requests.add({ ...answered, status: 503 })
  expect(await written()).toMatchObject({ QueueWait: 2000, Refused: 2 })
  expect(await written()).toMatchObject({ QueueWait: 0, Refused: 0 })
})

test('the line is one that CloudWatch makes metrics of', async () => {
  const { metrics, written } = start()
  const zero = () => 0
  addGauges(metrics.registry, {
    queueLength: () => 7,
    rendering: zero,
    fetchBytes: zero,
    renderMemoryBytes: zero,
    flights: zero,
    memoryBytes: zero,
    memoryEntries: zero,
    writesPending: zero,
    journalLagSeconds: () => 1.5,
    workerMemoryBytes: zero,
  })
  const before = Date.now()
  const { _aws: told, ...line } = await written()
  const [{ Namespace, Dimensions, Metrics }] = told.CloudWatchMetrics
  expect(told.Timestamp).toBeGreaterThanOrEqual(before)
  expect(Namespace).toBe('shop/pictures')
  expect(Dimensions).toEqual([['Program']])
  expect(line.Program).toBe('halftone')
  expect(line).toMatchObject({ QueueLength: 7, JournalLag: 1.5, level: 'info', msg: 'figures' })
  for (const { Name, Unit } of Metrics) {
    expect(line[Name]).toBeTypeOf('number')
    expect(['Milliseconds', 'Seconds', 'Count']).toContain(Unit)
  }
  // There is no webhook here.
  expect(Metrics).not.toContainEqual(expect.objectContaining({ Name: 'EventsOldest' }))
})

test('metrics that cannot be read cost the line, not the program', async () => {
  const lines: string[] = []
  const log = createLog('info', { write: (line) => void lines.push(line) })
  const registry = { getMetricsAsJSON: () => Promise.reject(new Error('no')) }
  await new Figures({ namespace: 'shop', registry, log }).write()
  expect(JSON.parse(lines.join())).toMatchObject({ level: 'error', msg: 'no figures' })
})
