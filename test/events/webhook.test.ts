import { once } from 'node:events'
import { createServer } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { createWebhook, signatureHeaders } from '../../src/events/webhook.ts'
import { eventOf } from './events.ts'
import { type Receiver, SECRET, startReceiver } from './receiver.ts'

const OTHER_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

let receiver: Receiver | undefined
afterEach(async () => {
  await receiver?.stop()
  receiver = undefined
})

const deliverTo = (url: string, secrets = [SECRET], timeoutMs = 10_000) =>
  createWebhook({ url, secrets, timeoutMs })

test('signs as the test vector of Standard Webhooks says', () => {
  const secrets = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw']
  const signed = signatureHeaders('msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}', secrets)
  expect(signed).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  })
})

test('delivers type, time and data, under the id of the event', async () => {
  receiver = await startReceiver()
  const event = eventOf('items/42', 3, { type: 'media.reordered', detail: { photoIds: ['b', 'a'] } })
  expect(await deliverTo(receiver.url)(event, 1_700_000_000_999)).toEqual({ outcome: 'delivered' })
  const [taken] = receiver.taken
  expect(taken?.headers).toMatchObject({
    'webhook-id': event.id,
    'webhook-timestamp': '1700000000',
    'content-type': 'application/json',
  })
  expect(taken).toMatchObject({
    type: 'media.reordered',
    data: { id: event.id, object: 'items/42', revision: 3, by: 'tests', photoIds: ['b', 'a'] },
  })
})

test.each([
  ['the first', [SECRET, OTHER_SECRET]],
  ['the second', [OTHER_SECRET, SECRET]],
])('while secrets are changed a receiver may know %s', async (_which, secrets) => {
  receiver = await startReceiver()
  const delivery = await deliverTo(receiver.url, secrets)(eventOf('items/1', 1), Date.now())
  expect(delivery.outcome).toBe('delivered')
})

test('a receiver with another secret refuses', async () => {
  receiver = await startReceiver()
  const delivery = await deliverTo(receiver.url, [OTHER_SECRET])(eventOf('items/1', 1), Date.now())
  expect(delivery).toMatchObject({ outcome: 'failed', reason: 'The receiver answered 401' })
})

describe('a delivery has failed', () => {
  test.each([[400], [410], [429], [500], [503]])('with %i', async (status) => {
    receiver = await startReceiver(() => status)
    const delivery = await deliverTo(receiver.url)(eventOf('items/1', 1), Date.now())
    expect(delivery).toMatchObject({ outcome: 'failed', reason: `The receiver answered ${status}` })
  })

  test('with a redirect, which nobody follows', async () => {
    const elsewhere = await startReceiver()
    receiver = await startReceiver(() => ({ status: 307, headers: { location: elsewhere.url } }))
    try {
      const delivery = await deliverTo(receiver.url)(eventOf('items/1', 1), Date.now())
      expect(delivery).toMatchObject({ outcome: 'failed', reason: 'The receiver answered 307' })
      expect(elsewhere.all).toEqual([])
    } finally {
      await elsewhere.stop()
    }
  })

  test('without an answer in time', async () => {
    receiver = await startReceiver(() => 'hang')
    const delivery = await deliverTo(receiver.url, [SECRET], 100)(eventOf('items/1', 1), Date.now())
    expect(delivery).toEqual({ outcome: 'failed', reason: 'No answer within 100 ms' })
  })

  test('when nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('No port')
    await new Promise((resolve) => server.close(resolve))
    const delivery = await deliverTo(`http://127.0.0.1:${address.port}/`)(eventOf('items/1', 1), Date.now())
    expect(delivery).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('ECONNREFUSED') })
  })

  test.each([
    ['120', 120_000],
    ['999999999', 86_400_000],
    ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
  ])('and says when to come back: %s', async (value, retryAfterMs) => {
    receiver = await startReceiver(() => ({ status: 503, headers: { 'retry-after': value } }))
    const delivery = await deliverTo(receiver.url)(eventOf('items/1', 1), Date.now())
    expect(delivery).toEqual({ outcome: 'failed', reason: 'The receiver answered 503', retryAfterMs })
  })
})
