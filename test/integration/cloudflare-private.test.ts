import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { putItem, setAccess } from '../support/library.ts'
import { type OtherServer, startOtherServer } from '../support/other-server.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'

const HOST = 'www.example.com'
const store = createMemoryObjectStore()
let server: OtherServer
let gateway: TestGateway

beforeAll(async () => {
  server = await startOtherServer()
  await putItem(store, 'secret', ['#ff0000'])
  await setAccess(store, 'secret', 'private')
})
afterAll(() => {
  server.close()
})

/** What a stranger sees of an answer, but what is random in it. */
async function seen(answer: Response, id: string) {
  const headers = [...answer.headers].filter(([name]) => name !== 'x-request-id')
  const shown = JSON.stringify([answer.status, headers, await answer.text()])
  return shown
    .replaceAll(id, 'ID')
    .replace(/remote%2F[0-9a-f]{64}/g, 'REMOTE')
    .replace(/"requestId":"[^"]*"/, '')
    .replace(/\\"requestId\\":\\"[^"]*\\"/, '')
}

interface Way {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
}

const TARGETS = [
  '/cdn-cgi/image/w=320,f=webp/items/ID',
  '/cdn-cgi/image/w=321,f=webp/items/ID',
  '/cdn-cgi/image/f=auto/items/ID',
  '/cdn-cgi/image/w=320/items/ID',
  '/cdn-cgi/image/w=auto/items/ID',
  '/cdn-cgi/image/format=json/items/ID',
  '/cdn-cgi/image/w=321,format=json/items/ID',
  '/cdn-cgi/image/format=svg/items/ID',
  '/cdn-cgi/image/w=320,onerror=redirect/items/ID',
  '/cdn-cgi/image/w=320//img/items/ID/800.webp',
  `/cdn-cgi/image/w=320/https://${HOST}/items/ID`,
  '/img/items/ID/320.json',
  '/img/items/ID/drawing.svg',
  '/img/items/ID/321,blur=3.webp',
]

describe.each(['ladder', 'any', 'signed'])('a private picture under %s', (sizes) => {
  beforeAll(async () => {
    gateway = await createTestGateway({
      store,
      environment: {
        HALFTONE_SIZES: sizes,
        HALFTONE_SITE_ORIGIN: server.origin,
        HALFTONE_SIGNING_KEYS: 'a-key-that-is-long-enough-to-sign-with',
      },
    })
    return async () => gateway.close()
  })
  const ask = async (target: string, id: string, { method, headers }: Way) =>
    gateway.fetch(target.replace('ID', id), {
      redirect: 'manual',
      ...(method !== undefined && { method }),
      headers: { host: HOST, ...headers },
    })

  test.each(TARGETS)('is like none at %s', async (target) => {
    const ways: Way[] = [
      {},
      { method: 'HEAD' },
      { method: 'OPTIONS' },
      { headers: { 'if-none-match': '*' } },
      { headers: { 'if-modified-since': new Date().toUTCString() } },
      { headers: { range: 'bytes=0-1' } },
      { headers: { cookie: 'halftone_access=x' } },
    ]
    for (const init of ways) {
      const secret = await seen(await ask(target, 'secret', init), 'secret')
      expect(secret).toBe(await seen(await ask(target, 'nothing', init), 'nothing'))
      // Once more, when all that can be remembered is.
      expect(await seen(await ask(target, 'secret', init), 'secret')).toBe(secret)
    }
  })
})

test('a picture that is hidden while it is in memory is gone at once', async () => {
  const own = createMemoryObjectStore()
  await putItem(own, 'hidden', ['#ff0000'])
  gateway = await createTestGateway({ store: own, environment: { HALFTONE_LOOKUP_TTL_MS: '0' } })
  const ask = async (target: string) =>
    gateway.fetch(target.replace('ID', 'hidden'), { redirect: 'manual', headers: { host: HOST } })
  for (const target of TARGETS.slice(0, 4)) {
    expect([target, (await ask(target)).status]).toEqual([target, 200])
    expect((await ask(target)).status).toBe(200)
  }
  await setAccess(own, 'hidden', 'private')
  for (const target of TARGETS) expect([target, (await ask(target)).ok]).toEqual([target, false])
  await gateway.close()
})
