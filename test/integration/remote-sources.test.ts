import { afterEach, beforeEach, expect, test } from 'vitest'
import { appendToJournal } from '../../src/sources/journal.ts'
import type { RemotePath } from '../../src/urls/image-request.ts'
import type { Visitor } from '../../src/variants/visitor.ts'
import { keysUnder } from '../sweep/sweeping.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { bytes, type OtherServer, startOtherServer } from '../support/other-server.ts'
import { corners, encode } from '../support/pictures.ts'

let server: OtherServer
let gateway: TestGateway

beforeEach(async () => {
  server = await startOtherServer()
})
afterEach(async () => {
  await gateway.close()
  server.close()
})

const stranger: Visitor = {
  admit: async (source) => source ?? Promise.reject(new Error('There is nothing')),
  beforeRender: async () => {},
}

const picture = async (width: number) => encode(corners(width, 40), 'png')

/** A picture of this source, 20 pixels wide, as a dialect asks for it. */
async function deliver(source: RemotePath) {
  const request = { source, preset: false, spec: { fit: 'width', width: 20, format: 'webp' } } as const
  const signal = AbortSignal.timeout(10_000)
  return gateway.delivery.deliver(request, { mayRender: true, visitor: stranger, signal })
}

function atSite(): RemotePath {
  const path = gateway.remote.atSite('a.png', '')
  if (path === undefined) throw new Error('There is no site')
  return path
}

const keys = () => keysUnder(gateway.bucket, 'img/')

test('a picture on another server is fetched once, rendered, stored under its hash, and found again', async () => {
  server.on('/a.png', bytes(await picture(80), { etag: '"1"' }))
  gateway = await createTestGateway({
    environment: { HALFTONE_REMOTE_SOURCES: `127.0.0.1:${server.port}` },
    allowAddress: (address) => address === '127.0.0.1',
  })
  const path = gateway.remote.parse(new URL(`${server.origin}/a.png?v=1`))
  server.on('/a.png?v=1', bytes(await picture(80), { etag: '"1"' }))
  const first = await deliver(path)
  await gateway.writeBack.drain()
  expect(first).toMatchObject({
    layer: 'render',
    tags: expect.stringContaining(path.path.replace('/', '%2F')),
  })
  const [stored = '', ...others] = await keys()
  expect(others).toEqual([])
  expect(stored).toMatch(new RegExp(`^img/${path.path}/@[\\w-]{15}/20\\.webp$`))
  gateway.variants.forgetAll()
  expect(await deliver(path)).toMatchObject({ layer: 'bucket' })
  expect(server.seen).toHaveLength(1)
})

test('without a list and a site nobody is asked', async () => {
  gateway = await createTestGateway({ allowAddress: () => true })
  expect(gateway.remote.atSite('a.png', '')).toBeUndefined()
  expect(() => gateway.remote.parse(new URL(`${server.origin}/a.png`))).toThrow(/not among those/)
  expect(server.seen).toEqual([])
})

test('an address inside is refused whatever the list says', async () => {
  gateway = await createTestGateway({ environment: { HALFTONE_REMOTE_SOURCES: `127.0.0.1:${server.port}` } })
  const path = gateway.remote.parse(new URL(`${server.origin}/a.png`))
  await expect(deliver(path)).rejects.toMatchObject({ code: 'source_not_allowed' })
  expect(server.seen).toEqual([])
})

test('a picture that is replaced between look-up and rendering is rendered as it is now', async () => {
  server.on('/a.png', bytes(await picture(80), { etag: '"1"' }))
  gateway = await createTestGateway({
    environment: { HALFTONE_SITE_ORIGIN: server.origin, HALFTONE_REMOTE_MEMORY_MB: '0' },
  })
  const before = await gateway.sources.find(atSite())
  server.on('/a.png', bytes(await picture(40), { etag: '"2"' }))
  const answer = await deliver(atSite())
  const now = await gateway.sources.find(atSite())
  expect(now.source?.etag).toBe('"2"')
  expect(now.source?.version).not.toBe(before.source?.version)
  expect(answer).toMatchObject({ layer: 'render', etag: expect.stringContaining(`${now.source?.version}`) })
})

test('what the journal names is asked for anew', async () => {
  server.on('/a.png', bytes(await picture(80), { etag: '"1"' }))
  gateway = await createTestGateway({ environment: { HALFTONE_SITE_ORIGIN: server.origin } })
  await deliver(atSite())
  server.on('/a.png', bytes(await picture(40), { etag: '"2"' }))
  await deliver(atSite())
  expect(server.seen).toHaveLength(1)
  await appendToJournal(gateway.bucket, [atSite().path])
  await gateway.journal.read()
  await deliver(atSite())
  expect(server.seen).toHaveLength(2)
  expect((await gateway.sources.find(atSite())).source?.etag).toBe('"2"')
})

test('what is no picture is a verdict, and what is too large another', async () => {
  server.on('/a.png', bytes('no picture'))
  server.on('/b.png', bytes(Buffer.alloc(1024 * 1024 + 1)))
  gateway = await createTestGateway({
    environment: { HALFTONE_SITE_ORIGIN: server.origin, HALFTONE_MAX_SOURCE_MB: '1' },
  })
  await expect(deliver(atSite())).rejects.toMatchObject({ code: 'source_not_a_picture' })
  const large = gateway.remote.atSite('b.png', '')
  await expect(large && deliver(large)).rejects.toMatchObject({ code: 'source_too_large' })
})
