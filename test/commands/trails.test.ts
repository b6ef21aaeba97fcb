import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createAuditTrail } from '../../src/audit/audit-trail.ts'
import { audit } from '../../src/commands/audit.ts'
import { dropEvents, listEvents, retryEvents } from '../../src/commands/events.ts'
import { type Config, ConfigError, parseConfig } from '../../src/config.ts'
import type { MediaEvent } from '../../src/events/media-event.ts'
import { createClock } from '../sweep/sweeping.ts'
import { deadKeys, eventOf, pendingKeys } from '../events/events.ts'
import { startReceiver } from '../events/receiver.ts'
import { confirmAll, createSender } from '../events/sending.ts'
import { environmentOf, openOrigin, runProgram } from '../support/program.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'

let origin: RunningOrigin
let config: Config
let store: ReturnType<typeof openOrigin>
let printed: string

beforeAll(async () => {
  origin = await startOrigin()
  config = parseConfig(environmentOf(origin))
  store = openOrigin(origin)
})
afterAll(async () => {
  store.close()
  await origin.stop()
})
beforeEach(() => {
  printed = ''
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      printed += String(text)
      return true
    })
  }
})
afterEach(() => {
  vi.restoreAllMocks()
})

describe('audit', () => {
  const day = (text: string) => createAuditTrail({ store, now: () => Date.parse(text) })

  beforeAll(async () => {
    await day('2026-03-01T08:00:00Z').record({
      principal: 'u7',
      action: 'read',
      object: 'verification/7/id-card/f1/card.pdf',
      address: '203.0.113.9',
      requestId: 'r-1',
    })
    await day('2026-03-02T08:00:00Z').record({
      principal: undefined,
      action: 'refuse',
      object: 'items/1\u001b[2J',
      detail: 'not the owner',
    })
    await createAuditTrail({ store }).record({ principal: 'u7', action: 'grant', object: 'items/2' })
  })

  test('says who did what, where from and why', async () => {
    expect(await audit(config, { from: '2026-03-01', to: '2026-03-03' })).toBe(true)
    expect(printed.split('\n')).toEqual([
      '2026-03-01T08:00:00.000Z  u7  read  verification/7/id-card/f1/card.pdf  from 203.0.113.9  request r-1',
      '2026-03-02T08:00:00.000Z  (nobody)  refuse  items/1\ufffd[2J  not the owner',
      '',
    ])
  })

  test.each([
    [{ user: 'u7' }, ['verification/7/id-card/f1/card.pdf', 'items/2']],
    [{ object: 'items/' }, ['items/1\u001b[2J', 'items/2']],
    [{ action: 'refuse' }, ['items/1\u001b[2J']],
    [{ to: '2026-03-02T08:00' }, ['verification/7/id-card/f1/card.pdf']],
    [{ to: '2026-03-02T09:00:00+02:00' }, ['verification/7/id-card/f1/card.pdf']],
  ])('asks by %j', async (choices, objects) => {
    expect(await audit(config, { from: '2026-03-01', json: true, ...choices })).toBe(true)
    const lines = printed.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line).object)).toEqual(objects)
  })

  test('reads the last week where it is not told since when', async () => {
    await audit(config, { json: true })
    expect(printed.trimEnd().split('\n')).toHaveLength(1)
    expect(printed).toContain('items/2')
  })

  test.each([{ from: 'yesterday' }, { to: '2026-13-01' }, { action: 'steal' }])(
    'refuses %j',
    async (choices) => {
      await expect(audit(config, choices)).rejects.toThrow(ConfigError)
    },
  )

  test('names a batch that it cannot understand', async () => {
    const key = 'system/audit/2026/03/02/09-00-00.000Z-r-1.ndjson'
    await store.put(key, Buffer.from('{"at"'), { contentType: 'application/x-ndjson' })
    expect(await audit(config, { from: '2026-03-02', to: '2026-03-03' })).toBe(false)
    expect(printed).toContain(`${key}: cannot be understood`)
    expect(printed).toContain('(nobody)  refuse')
    await store.delete([key])
  })
})

describe('events', () => {
  let given: readonly MediaEvent[]
  let waiting: MediaEvent

  beforeEach(async () => {
    const receiver = await startReceiver(() => 500)
    given = [eventOf('items/1', 1), eventOf('items/2', 1)]
    await confirmAll(store, given)
    const { sender } = createSender({ store, clock: createClock(), url: receiver.url, maxAttempts: 1 })
    await sender.look()
    await sender.close()
    await receiver.stop()
    waiting = eventOf('items/1', 2)
    await confirmAll(store, [waiting])
  })
  afterEach(async () => {
    await store.delete([...(await deadKeys(store)), ...(await pendingKeys(store))])
  })

  test('list shows what waits and what was given up, and why', async () => {
    await listEvents(config, {})
    expect(printed).toContain('1 wait, 2 were given up')
    const lineOf = (event?: MediaEvent) => printed.split('\n').find((line) => line.includes(event?.id ?? '?'))
    expect(lineOf(given[0])).toMatch(/items\/1 revision 1 {2}given up, 1 failed: The receiver answered 500$/)
    expect(lineOf(waiting)).toMatch(/media\.created {2}items\/1 revision 2 {2}confirmed$/)
    printed = ''
    await listEvents(config, { json: true })
    const lines = printed
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map(({ place }) => place)).toEqual(['dead', 'dead', 'pending'])
  })

  test('retry has one delivered again, before what waits of its object', async () => {
    const receiver = await startReceiver()
    try {
      expect(await retryEvents(config, [given[0]?.id ?? ''])).toBe(true)
      const { sender } = createSender({ store, clock: createClock(), url: receiver.url })
      await sender.look()
      await sender.close()
      expect(receiver.taken.map(({ id }) => id)).toEqual([given[0]?.id, waiting.id])
      expect(await deadKeys(store)).toHaveLength(1)
    } finally {
      await receiver.stop()
    }
  })

  test('drop removes all, and only what was given up', async () => {
    expect(await dropEvents(config, ['all'])).toBe(true)
    expect(printed).toContain('2 removed')
    expect(await deadKeys(store)).toEqual([])
    expect(await pendingKeys(store)).toHaveLength(1)
  })

  test('an id that was not given up is named', async () => {
    expect(await dropEvents(config, [waiting.id])).toBe(false)
    expect(printed).toContain(`${waiting.id}: no event with this id was given up`)
    expect(await pendingKeys(store)).toHaveLength(1)
  })

  test('the program knows the commands, and says by its exit code what it did not find', async () => {
    const run = runProgram(['events', 'retry', 'no-such-id'], environmentOf(origin))
    expect(await run.ended).toBe(1)
    expect(run.output.join('\n')).toContain('no-such-id: no event with this id was given up')
    const listing = runProgram(
      ['audit', '--user', 'u7', '--from', '2026-03-01', '--json'],
      environmentOf(origin),
    )
    expect(await listing.ended).toBe(0)
    expect(listing.output).toHaveLength(2)
  })
})
