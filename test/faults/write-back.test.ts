import type { IncomingMessage } from 'node:http'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { middleColour, plainJpeg } from '../support/library.ts'
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts'
import { environmentOf, openOrigin, runProgram, type Served, serve } from '../support/program.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'
import { keysUnder } from '../sweep/sweeping.ts'

// Several programs start and stop, on a machine that may have other things to do.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })
const WAIT = { timeout: 30_000 }

const KEY = 'photos/a.jpg'
const PATH = `/img/${KEY}/320.webp`

let origin: RunningOrigin
let proxy: FaultyProxy
let bucket: ReturnType<typeof openOrigin>
const running = new Set<Served>()

beforeAll(async () => {
  origin = await startOrigin()
  bucket = openOrigin(origin)
})
afterAll(async () => {
  bucket.close()
  await origin.stop()
})
beforeEach(async () => {
  proxy = await startFaultyProxy(origin.url)
  await paint('#ff0000')
})
afterEach(async () => {
  proxy.decide = () => 'pass'
  for (const gateway of running) {
    gateway.kill('SIGTERM')
    await gateway.ended
  }
  running.clear()
  await proxy.close()
  await bucket.delete([KEY, ...(await keysUnder(bucket, 'img/'))])
})

async function start(): Promise<Served> {
  const gateway = await serve({ ...environmentOf({ ...origin, url: proxy.url }), HALFTONE_WORKERS: '1' })
  running.add(gateway)
  return gateway
}

const paint = async (colour: string) =>
  bucket.put(KEY, await plainJpeg(colour), { contentType: 'image/jpeg' })

const isWrite = ({ method, url }: IncomingMessage) => method === 'PUT' && url?.includes('/img/') === true
const isLook = ({ method, url }: IncomingMessage) => method === 'HEAD' && url?.includes(KEY) === true

async function colourOf(answer: Response): Promise<string> {
  const [red = 0, , blue = 0] = await middleColour(new Uint8Array(await answer.arrayBuffer()))
  return red > blue ? 'red' : 'blue'
}

/** Kills a gateway, when it has answered, as soon as it sends a request that `when` knows; what it sent is `fate`. */
async function killAt(
  when: (request: IncomingMessage) => boolean,
  fate: 'pass' | 'drop',
  before: () => Promise<unknown> = async () => undefined,
): Promise<void> {
  const gateway = await start()
  let isAnswered = (): void => undefined
  const answered = new Promise<void>((resolve) => (isAnswered = resolve))
  let hasWritten = false
  proxy.decide = async (request) => {
    const isDue = when(request) && (isWrite(request) || hasWritten)
    hasWritten ||= isWrite(request)
    if (!isDue) return 'pass'
    await answered
    await before()
    gateway.kill('SIGKILL')
    await gateway.ended
    return fate
  }
  const answer = await fetch(`${gateway.url}${PATH}`)
  expect(await colourOf(answer)).toBe('red')
  isAnswered()
  expect(await gateway.ended).toBeNull()
  running.delete(gateway)
  proxy.decide = () => 'pass'
}

/** What a gateway that is started anew makes of it. */
async function askAgain(): Promise<{ colour: string; layers: string | null; key: string }> {
  const gateway = await start()
  const answer = await fetch(`${gateway.url}${PATH}`)
  expect(answer.status).toBe(200)
  const key = (answer.headers.get('content-location') ?? '').slice(1)
  await expect.poll(async () => (await bucket.head(key)) !== undefined, WAIT).toBe(true)
  return { colour: await colourOf(answer), layers: answer.headers.get('cache-status'), key }
}

describe('a gateway that is killed while it stores what it has rendered', () => {
  test('before the bucket has it: nothing is stored, and the next one makes it again', async () => {
    await killAt(isWrite, 'drop')
    expect(await keysUnder(bucket, 'img/')).toEqual([])
    const again = await askAgain()
    expect(again).toMatchObject({ colour: 'red', layers: 'memory; fwd=miss, bucket; fwd=miss' })
    expect(await keysUnder(bucket, 'img/')).toEqual([again.key])
  })

  test('before it has looked whether the source is still the same: the picture is whole, and found', async () => {
    await killAt(isLook, 'pass')
    const [stored = ''] = await keysUnder(bucket, 'img/')
    expect(await askAgain()).toEqual({ colour: 'red', layers: 'memory; fwd=miss, bucket; hit', key: stored })
  })

  test('and the source was replaced meanwhile: nobody is shown the old picture, and a sweep removes it', async () => {
    await killAt(isLook, 'pass', () => paint('#0000ff'))
    const [old = ''] = await keysUnder(bucket, 'img/')
    const again = await askAgain()
    expect(again.colour).toBe('blue')
    expect(await keysUnder(bucket, 'img/')).toEqual([old, again.key].toSorted())
    const sweep = runProgram(['sweep', '--delete'], environmentOf(origin))
    expect(await sweep.ended, sweep.output.join('\n')).toBe(0)
    expect(await keysUnder(bucket, 'img/')).toEqual([again.key])
  })
})
