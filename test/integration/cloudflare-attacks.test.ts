import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { remotePath } from '../../src/urls/source-path.ts'
import { type OpenSite, pictureOf, type Site, startSite } from '../support/cloudflare.ts'
import { until } from '../render/until.ts'
import { bytes, type OtherServer, startOtherServer } from '../support/other-server.ts'
import { corners, encode } from '../support/pictures.ts'

let site: Site
let server: OtherServer
let gateway: OpenSite

beforeEach(async () => {
  site = await startSite()
  server = await startOtherServer()
})
afterEach(async () => {
  await gateway.close()
  await site.stop()
  server.close()
})

async function openAbroad(environment: Record<string, string> = {}): Promise<OpenSite> {
  return site.open({
    environment: {
      HALFTONE_REMOTE_SOURCES: `127.0.0.1:${server.port}`,
      HALFTONE_SIZES: 'ladder',
      ...environment,
    },
    allowAddress: (address) => address === '127.0.0.1',
  })
}

const STRANGER = { 'x-forwarded-for': '192.0.2.1' }

const picture = async () => encode(corners(800, 400), 'png')

describe('the path of what lies on another server, without its address', () => {
  const own = () => remotePath(new URL(`${server.origin}/a.png`)).path

  test.each(['/img/PATH/320.webp', '/img/PATH/@aaaaaaaaaaaaaaa/320.webp', '/cdn-cgi/image/w=320/PATH'])(
    'is nothing, and takes the picture from nobody: %s',
    async (target) => {
      server.on('/a.png', bytes(await picture(), { etag: '"1"' }))
      gateway = await openAbroad()
      const stranger = target.replace('PATH', own())
      expect((await gateway.fetch(stranger)).status).toBe(404)
      expect((await gateway.get(`w=320/${server.origin}/a.png`)).status).toBe(200)
      expect((await gateway.fetch(stranger)).status).toBe(404)
    },
  )

  test('takes it from nobody either who asks at the same moment', async () => {
    server.on('/a.png', bytes(await picture(), { etag: '"1"' }))
    gateway = await openAbroad()
    const answers = await Promise.all([
      gateway.fetch(`/img/${own()}/320.webp`),
      gateway.get(`w=320/${server.origin}/a.png`),
      gateway.fetch(`/img/${own()}/640.webp`),
    ])
    expect(answers.map(({ status }) => status)).toEqual([404, 200, 404])
  })
})

describe('a query that a stranger adds to the address of a source', () => {
  const queries = Array.from({ length: 8 }, (_, at) => `?x=${at}`)

  async function statuses(options: string): Promise<number[]> {
    const seen: number[] = []
    for (const query of queries) {
      const answer = await gateway.get(`${options}/${server.origin}/a.png${query}`, STRANGER)
      seen.push(answer.status)
    }
    return seen
  }

  test.each([
    ['w=320', 'HALFTONE_OFF_LADDER_PER_CLIENT'],
    ['w=320', 'HALFTONE_OFF_LADDER_PER_SOURCE'],
    ['w=321', 'HALFTONE_OFF_LADDER_PER_SOURCE'],
  ])('makes no more pictures of %s than %s says', async (options, setting) => {
    const body = await picture()
    for (const query of queries) server.on(`/a.png${query}`, bytes(body))
    gateway = await openAbroad({ [setting]: '1', HALFTONE_TRUSTED_HOPS: '1' })
    expect(await statuses(options)).toEqual([200, 429, 429, 429, 429, 429, 429, 429])
    // What has been made is there for everybody.
    expect(await statuses(options)).toEqual([200, 429, 429, 429, 429, 429, 429, 429])
  })

  test('costs nothing where there is none', async () => {
    const names = queries.map((_, at) => `/${at}.png`)
    const body = await picture()
    for (const name of names) server.on(name, bytes(body))
    gateway = await openAbroad({ HALFTONE_OFF_LADDER_PER_CLIENT: '1', HALFTONE_TRUSTED_HOPS: '1' })
    for (const name of names) {
      expect((await gateway.get(`w=320/${server.origin}${name}`, STRANGER)).status).toBe(200)
    }
  })
})

describe('a strip that is to fill a box', () => {
  test.each(['g=auto', 'g=entropy', 'g=0.3x0.3'])(
    'is cut out of a strip all the same: %s',
    async (gravity) => {
      await site.put('photos/strip.png', corners(4000, 10), 'png')
      gateway = await site.open()
      const answer = await gateway.get(`fit=cover,w=10,h=16000,${gravity}/photos/strip.png`)
      expect(await pictureOf(answer)).toMatchObject({ status: 200, width: 10, height: 16_000 })
    },
  )

  test('that nobody could make is refused, and the picture is not called broken for it', async () => {
    await site.put('photos/strip.png', corners(9000, 2), 'png')
    gateway = await site.open()
    for (const gravity of ['auto', '0.3x0.3']) {
      const answer = await gateway.get(`fit=cover,w=10,h=16000,g=${gravity}/photos/strip.png`)
      expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('72000000×16000')])
    }
    expect((await gateway.get('w=100/photos/strip.png')).status).toBe(200)
  })
})

test('options under which workers die take the picture from nobody', async () => {
  await site.put('photos/a.png', corners(3000, 3000), 'png')
  gateway = await site.open()
  const asking = gateway.get('blur=100,fit=contain,w=6000,h=6000,f=png-force/photos/a.png')
  const busy = async (not?: number) =>
    until(() => gateway.pool.stats().workers.find(({ state, pid }) => state === 'busy' && pid !== not)?.pid)
  const first = await busy()
  process.kill(first, 'SIGKILL')
  process.kill(await busy(first), 'SIGKILL')
  const answer = await asking
  expect([answer.status, await answer.text()]).toEqual([422, expect.stringContaining('crashed its decoder')])
  expect((await gateway.get('w=100/photos/a.png')).status).toBe(200)
})
