import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Agent, request } from 'undici'
import { expect, onTestFinished, test, vi } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { plainJpeg } from '../support/library.ts'
import { environmentOf, openOrigin, serve, workersOf } from '../support/program.ts'
import { startOrigin } from '../support/s3-server.ts'

// Several programs start and stop, on a machine that may have other things to do.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

/** Fewer than connections, and enough to load the program with: its modules are read many at a time. */
const DESCRIPTORS = 300
const CONNECTIONS = 400

/** Connections that ask for nothing; resolves when each is there or refused. */
async function occupy(url: string): Promise<Socket[]> {
  const { hostname, port } = new URL(url)
  const sockets = Array.from({ length: CONNECTIONS }, () => connect(Number(port), hostname))
  await Promise.all(
    sockets.map(async (socket) => {
      // That some are refused, and when, is the gateway's to choose.
      socket.on('error', () => undefined)
      await Promise.race([once(socket, 'connect'), once(socket, 'close')])
    }),
  )
  return sockets
}

test.runIf(process.platform === 'linux')(
  'more connections than descriptors: whoever has one gets pictures that must be made, a worker that dies is replaced',
  async () => {
    const origin = await startOrigin()
    onTestFinished(() => origin.stop())
    const bucket = openOrigin(origin)
    onTestFinished(() => bucket.close())
    await bucket.put('photos/a.jpg', await plainJpeg('#ff0000'), { contentType: 'image/jpeg' })
    const gateway = await serve(
      { ...environmentOf(origin), HALFTONE_WORKERS: '1', HALFTONE_SIZES: 'any' },
      { descriptors: DESCRIPTORS },
    )
    onTestFinished(() => gateway.kill('SIGKILL'))
    const client = new Agent({ connections: 1 })
    onTestFinished(() => client.close())
    let width = 100
    /** A picture that is nowhere yet. */
    const miss = async (): Promise<number> => {
      width += 1
      const { statusCode, body } = await request(`${gateway.url}/img/photos/a.jpg/${width}.webp`, {
        dispatcher: client,
      })
      await body.dump()
      return statusCode
    }
    expect(await miss()).toBe(200)

    const crowd = await occupy(gateway.url)
    expect(await miss()).toBe(200)
    const [worker = 0] = workersOf(gateway.pid)
    process.kill(worker, 'SIGKILL')
    expect(await miss()).toBe(200)
    expect(workersOf(gateway.pid)).not.toContain(worker)

    for (const socket of crowd) socket.destroy()
    // Whoever comes now is let in again.
    await vi.waitFor(async () => expect((await fetch(`${gateway.url}/livez`)).status).toBe(200), 5_000)
    expect(await miss()).toBe(200)
    gateway.kill('SIGTERM')
    expect(await gateway.ended).toBe(0)
  },
)

test.runIf(process.platform === 'linux')(
  'the origin, too: it lives, and whoever comes later is served',
  async () => {
    const origin = await startOrigin({ descriptors: 100 })
    onTestFinished(() => origin.stop())
    const bucket = openOrigin(origin)
    onTestFinished(() => bucket.close())
    await bucket.put('kept', Buffer.from('kept'), { contentType: 'text/plain' })
    const crowd = await occupy(origin.url)
    const during = await bucket
      .put('during', Buffer.from('during'), { contentType: 'text/plain' })
      .then(({ outcome }): string => outcome)
      .catch((error: unknown) => (error instanceof GatewayError ? error.code : String(error)))
    for (const socket of crowd) socket.destroy()
    await vi.waitFor(async () => expect(await bucket.head('kept')).toBeDefined(), 10_000)
    expect(during).toMatch(/^(stored|bucket_|timed_out)/)
    // Acknowledged or not: what was said is true.
    const isThere = (await bucket.head('during')) !== undefined
    expect(isThere || during !== 'stored').toBe(true)
    expect((await bucket.put('after', Buffer.from('after'), { contentType: 'text/plain' })).outcome).toBe(
      'stored',
    )
  },
)
