import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { listen, type RunningServer } from '../../src/http/server.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { smuggling, unreadable } from '../support/hostile-heads.ts'
import { plainJpeg } from '../support/library.ts'
import { openSockets, statusesIn, talkRaw } from '../support/raw-client.ts'

const PATH = '/img/photos/a.jpg/320.webp'
const HOST = 'Host: x\r\n'
/** What ends a connection that is still there. */
const LAST = `GET /livez HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`

let gateway: TestGateway
let server: RunningServer
let socketsBefore: number

beforeAll(async () => {
  gateway = await createTestGateway({ store: createMemoryObjectStore() })
  await gateway.bucket.put('photos/a.jpg', await plainJpeg('#ff0000'), { contentType: 'image/jpeg' })
  server = await listen(gateway.app, { host: '127.0.0.1', port: 0 })
  await talk(get())
  socketsBefore = openSockets()
})
afterAll(async () => {
  await server.close(0)
  await gateway.close()
})

const get = (headers = '', path = PATH) => `GET ${path} HTTP/1.1\r\n${HOST}${headers}\r\n`

/** All that comes back for this, and for a last request behind it. */
const talk = async (sent: string | Buffer) =>
  talkRaw(server.url, Buffer.concat([Buffer.from(sent), Buffer.from(LAST)]))

const headOf = (text: string) => text.split('\r\n\r\n')[0] ?? ''

/** What is said by an answer that is the only one: who may keep it, and that the connection ends. */
function lastWord(text: string) {
  const head = headOf(text)
  const [, length] = /\r\ncontent-length: (\d+)/i.exec(head) ?? []
  return {
    statuses: statusesIn(text),
    isProblem: /\r\ncontent-type: application\/problem\+json/i.test(head),
    isKept: !/\r\ncache-control: no-store/i.test(head),
    ends: /\r\nconnection: close/i.test(head),
    isWhole: text.length === head.length + 4 + Number(length),
  }
}
const REFUSED = { isProblem: true, isKept: false, ends: true, isWhole: true }

test.each(unreadable(PATH))('%s is refused, and what comes behind it not read', async (_, sent) => {
  const { statuses, ...said } = lastWord(await talk(sent))
  expect(said).toEqual(REFUSED)
  expect(['400', '405', '431']).toContain(statuses.join())
})

describe('a request hidden behind', () => {
  test.each(smuggling('/api/v1/uploads', PATH))('%s is not answered', async (_, sent) => {
    const text = await talk(sent)
    expect(statusesIn(text)).toHaveLength(1)
    expect([400, 404, 413]).toContain(statusesIn(text)[0])
  })

  test.each(smuggling(PATH, PATH))('%s, sent to a picture, is not answered', async (_, sent) => {
    const text = await talk(sent)
    expect(statusesIn(text)).toHaveLength(1)
    expect([400, 405, 413]).toContain(statusesIn(text)[0])
  })

  test.each([
    ['a length', 'Content-Length: 5\r\n', 'hello'],
    ['a length that never comes', 'Content-Length: 1000000\r\n', 'hello'],
    ['chunks', 'Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n0\r\n\r\n'],
    ['chunks that never end', 'Transfer-Encoding: chunked\r\n', 'fffff\r\nhello'],
  ])('a GET with a body is not answered, and does not hold the connection: %s', async (_, headers, body) => {
    for (const method of ['GET', 'HEAD']) {
      const sent = `${method} ${PATH} HTTP/1.1\r\n${HOST}${headers}\r\n${body}${get()}`
      const text = await talk(sent)
      expect(statusesIn(text)).toEqual([200])
      expect(headOf(text)).toMatch(/\r\nconnection: close/i)
    }
  })

  test('a body that nobody has read when its request is refused is the last on its connection', async () => {
    for (const [headers, body] of [
      ['Content-Length: 5\r\n', 'hello'],
      ['Transfer-Encoding: CHUNKED\r\n', '5;a=b\r\nhello\r\n0\r\nX-Trailer: a\r\n\r\n'],
    ]) {
      const text = await talk(`POST ${PATH} HTTP/1.1\r\n${HOST}${headers}\r\n${body}${get()}`)
      expect(statusesIn(text)).toEqual([405])
      expect(headOf(text)).toMatch(/\r\nconnection: close/i)
    }
  })
})

describe('what can be read, though nobody sends it', () => {
  const list = (count: number, of: (at: number) => string) => Array.from({ length: count }, (_, at) => of(at))

  test.each([
    ['a target of 8 KB', get('', `/img/${'a/'.repeat(4096)}320.webp`), 400],
    ['one segment of 8 KB', get('', `/img/${'a'.repeat(8192)}/320.webp`), 400],
    ['a spec of 8 KB', get('', `/img/photos/a.jpg/${'9'.repeat(8192)}.webp`), 400],
    ['a query of 8 KB', get('', `${PATH}?${'a'.repeat(8192)}`), 200],
    ['8 KB of slashes', get('', '/'.repeat(8192)), 404],
    ['8 KB of options', get('', `/cdn-cgi/image/${'w=1,'.repeat(2048)}/photos/a.jpg`), 200],
    ['%00', get('', '/img/photos/%00.jpg/320.webp'), 400],
    ['%ff', get('', '/img/photos/%ff.jpg/320.webp'), 400],
    ['an overlong slash', get('', '/img/photos%c0%afa.jpg/320.webp'), 400],
    ['half an escape', get('', '/img/photos/%2/320.webp'), 400],
    ['a fragment', get('', `${PATH}#x`), 400],
    ['an absolute target of somebody else', get('', `http://evil.example${PATH}`), 200],
    ['an absolute target with a name and a password', get('', `http://a:b@evil.example${PATH}`), 200],
    ['an absolute target of no URL', get('', `http://[${PATH}`), 400],
    ['an absolute target of FTP', get('', `ftp://x${PATH}`), 400],
    ['an asterisk', get('', '*'), 400],
    ['OPTIONS *', `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`, 400],
    ['TRACE', `TRACE ${PATH} HTTP/1.1\r\n${HOST}Cookie: secret\r\n\r\n`, 405],
    ['PROPFIND', `PROPFIND ${PATH} HTTP/1.1\r\n${HOST}\r\n`, 405],
    ['a Host of a path', `GET ${PATH} HTTP/1.1\r\nHost: a/b\r\n\r\n`, 400],
    ['a Host of a user', `GET ${PATH} HTTP/1.1\r\nHost: a@b\r\n\r\n`, 400],
    ['an empty Host', `GET ${PATH} HTTP/1.1\r\nHost:\r\n\r\n`, 400],
    ['a Host of 8 KB', `GET ${PATH} HTTP/1.1\r\nHost: ${'a'.repeat(8000)}\r\n\r\n`, 200],
    ['3,000 headers', get(list(3000, (at) => `${at.toString(36)}:\r\n`).join('')), 200],
    ['bytes above ASCII in a header', Buffer.from(get('X-A: \xff\xfe\r\n'), 'latin1'), 200],
    ['2,000 ranges', get(`Range: bytes=${list(2000, (at) => `${at}-`).join()}\r\n`), 200],
    ['ranges that overlap', get('Range: bytes=0-,0-,0-,0-\r\n'), 200],
    ['a range that runs backwards', get('Range: bytes=5-1\r\n'), 200],
    ['a range of nothing', get('Range: bytes=-0\r\n'), 416],
    ['a range from 2^64', get(`Range: bytes=${2n ** 64n}-\r\n`), 416],
    ['the last 2^64 bytes', get(`Range: bytes=-${2n ** 64n}\r\n`), 206],
    ['two ranges in two headers', get('Range: bytes=0-1\r\nRange: bytes=2-3\r\n'), 200],
    ['1,500 tags', get(`If-None-Match: ${list(1500, (at) => `W/"${at}"`).join()}\r\n`), 200],
    ['15 KB of quotation marks', get(`If-None-Match: ${'"'.repeat(15_000)}\r\n`), 200],
    ['a date of 15 KB', get(`If-Modified-Since: ${'1 '.repeat(7500)}\r\n`), 200],
    [
      '1,000 formats',
      get(`Accept: ${'image/avif;q=0.1,'.repeat(880)}\r\n`, '/img/photos/a.jpg/320.auto'),
      200,
    ],
    ['15 KB of cookies', get(`Cookie: ${'a=b; '.repeat(3000)}\r\n`), 200],
    [
      'a path, a method and a client in headers',
      get(
        `X-Original-URL: /metrics\r\nX-Rewrite-URL: /metrics\r\nX-HTTP-Method-Override: DELETE\r\nForwarded: for=127.0.0.1;host=y\r\nX-Forwarded-For: ${'1.2.3.4, '.repeat(500)}\r\n`,
      ),
      200,
    ],
  ])('%s is answered, and the connection goes on', async (_, sent, status) => {
    expect(statusesIn(await talk(sent))).toEqual([status, 200])
  })

  test('of thousands of headers the last one counts', async () => {
    const many = list(3000, (at) => `${at.toString(36)}:\r\n`).join('')
    expect(statusesIn(await talk(get(`${many}Range: bytes=0-3\r\n`)))).toEqual([206, 200])
  })

  test.each([
    ['HTTP/2', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n'],
    ['a WebSocket', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'],
  ])('an upgrade to %s is passed over, and the connection ends', async (_, headers) => {
    const text = await talk(get(headers))
    expect(statusesIn(text)).toEqual([200])
    expect(headOf(text)).toMatch(/\r\nconnection: close/i)
  })

  test('an expectation that we do not have is refused', async () => {
    expect(lastWord(await talk(get('Expect: cake\r\n')))).toEqual({ ...REFUSED, statuses: [417] })
  })

  test('what nobody may read is not repeated to whoever sent it', async () => {
    const secret = 'a-token-that-nobody-may-see'
    for (const sent of [
      get(`Authorization: Bearer ${secret}\r\nX-A : a\r\n`),
      get(`Cookie: ${secret}\r\n${HOST}`),
      get(`Expect: ${secret}\r\n`),
      `TRACE ${PATH} HTTP/1.1\r\n${HOST}Cookie: ${secret}\r\n\r\n`,
      get('', `/img/photos/%00?token=${secret}`),
    ]) {
      expect(await talk(sent)).not.toContain(secret)
    }
  })
})

test('afterwards it answers as before, and holds no connection', async () => {
  expect(statusesIn(await talk(get()))).toEqual([200, 200])
  await vi.waitFor(() => expect(openSockets()).toBeLessThanOrEqual(socketsBefore))
})
