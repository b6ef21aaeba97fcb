import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, test, vi } from 'vitest'
import { readForm } from '../../origin/body/read-form.ts'
import { exactForm, type Fields, signForm } from './form-upload.ts'
import { sendSigned } from './signed-request.ts'
import { BUCKET, startTestOrigin, temporaryDirectory } from './start-test-origin.ts'

const BOUNDARY = '--x-boundary'
const TYPE = `multipart/form-data; boundary=${BOUNDARY}`

/** What looks like a boundary in a file, and is none. */
const TRICKY = `\r\n\r\n--${BOUNDARY.slice(0, -1)}\r\n--\r\n\r--${BOUNDARY}\n\r\n--x`

interface Part {
  readonly head: string
  readonly content: string
}

const field = (name: string, content: string): Part => ({ head: `form-data; name="${name}"`, content })
const file = (content: string): Part => ({ head: 'form-data; name="file"; filename="a.txt"', content })

function bodyOf(parts: readonly Part[], end = `--${BOUNDARY}--\r\n`): string {
  const texts = parts.map(
    ({ head, content }) => `--${BOUNDARY}\r\nContent-Disposition: ${head}\r\n\r\n${content}\r\n`,
  )
  return texts.join('') + end
}

async function read(body: Readable, type = TYPE): Promise<[fields: Fields, file: string]> {
  return readForm(body, type, async ({ fields, file }) => {
    const pieces: Buffer[] = []
    for await (const piece of file) pieces.push(piece)
    return [Object.fromEntries(fields), Buffer.concat(pieces).toString()]
  })
}

describe('a form in pieces', () => {
  const body = Buffer.from(
    `preamble\r\n${bodyOf([field('a', 'ä\r\nb'), field('B', ''), file(TRICKY), field('late', '1')])}epilogue`,
  )
  const expected = [{ a: 'ä\r\nb', b: '' }, TRICKY]

  test('of two, cut anywhere', async () => {
    for (let cut = 0; cut <= body.length; cut += 1) {
      const pieces = [body.subarray(0, cut), body.subarray(cut)].filter(({ length }) => length > 0)
      expect(await read(Readable.from(pieces)), `cut at ${cut}`).toEqual(expected)
    }
  })

  test.each([1, 2, 3, 7, 64])('of %i bytes', async (size) => {
    const pieces = Array.from({ length: Math.ceil(body.length / size) }, (_, index) =>
      body.subarray(index * size, (index + 1) * size),
    )
    expect(await read(Readable.from(pieces))).toEqual(expected)
  })

  test('cut off anywhere is refused, or is whole', async () => {
    const whole = body.indexOf(`--${BOUNDARY}--`) + BOUNDARY.length + 4
    for (let cut = 1; cut < whole; cut += 1) {
      const outcome = read(Readable.from([body.subarray(0, cut)]))
      await expect(outcome, `cut at ${cut}`).rejects.toMatchObject({
        code: expect.stringMatching(/^Malformed|^InvalidArgument/),
      })
    }
  })
})

describe('a form that is refused:', () => {
  const many = Array.from({ length: 300 }, (_, index) => field(`a${index}`, ''))
  const refused: readonly { what: string; body: string; type?: string; code: string }[] = [
    {
      what: 'no boundary',
      body: bodyOf([file('x')]),
      type: 'multipart/form-data',
      code: 'MalformedPOSTRequest',
    },
    { what: 'another boundary', body: bodyOf([file('x')]), type: `${TYPE}y`, code: 'MalformedPOSTRequest' },
    { what: 'no file', body: bodyOf([field('a', 'b')]), code: 'InvalidArgument' },
    { what: 'no part', body: `--${BOUNDARY}--\r\n`, code: 'InvalidArgument' },
    { what: 'nothing', body: '', code: 'MalformedPOSTRequest' },
    {
      what: 'a field twice',
      body: bodyOf([field('a', '1'), field('A', '2'), file('x')]),
      code: 'InvalidArgument',
    },
    {
      what: 'a field without a name, then nothing',
      body: bodyOf([{ head: 'form-data', content: 'x' }]),
      code: 'InvalidArgument',
    },
    {
      what: 'a long field',
      body: bodyOf([field('a', 'b'.repeat(20_481)), file('x')]),
      code: 'MaxPostPreDataLengthExceededError',
    },
    {
      what: 'long fields',
      body: bodyOf([field('a', 'b'.repeat(10_240)), field('b', 'b'.repeat(10_240)), file('x')]),
      code: 'MaxPostPreDataLengthExceededError',
    },
    { what: 'many fields', body: bodyOf([...many, file('x')]), code: 'MaxPostPreDataLengthExceededError' },
    {
      what: 'a long beginning',
      body: 'x'.repeat(200_000) + bodyOf([file('x')]),
      code: 'MaxPostPreDataLengthExceededError',
    },
  ]
  test.each(refused)('$what', async ({ body, type, code }) => {
    const pieces = body.match(/[^]{1,10000}/g) ?? []
    await expect(read(Readable.from(pieces.map((piece) => Buffer.from(piece))), type)).rejects.toMatchObject({
      code,
    })
  })
})

test('a file is not taken in faster than it is used', async () => {
  let supplied = 0
  const beginning = bodyOf([file('')], '').slice(0, -2)
  async function* supply(): AsyncGenerator<Buffer> {
    yield Buffer.from(beginning)
    for (; supplied < 50_000_000; supplied += 65_536) yield Buffer.alloc(65_536)
    yield Buffer.from(`\r\n--${BOUNDARY}--`)
  }
  const used = await readForm(Readable.from(supply()), TYPE, async ({ file }) => {
    let bytes = 0
    for await (const piece of file) {
      bytes += piece.length
      await new Promise((resolve) => setImmediate(resolve))
      expect(supplied - bytes).toBeLessThan(3_000_000)
    }
    return bytes
  })
  expect(used).toBe(supplied)
})

describe('over a socket', () => {
  const form = (): Part[] =>
    Object.entries(signForm(exactForm({ key: 'a' }))).map(([name, value]) => field(name, value))

  test('what comes after the file is ignored', async () => {
    const { url } = await startTestOrigin()
    const late = [field('x-amz-meta-late', '1'), file('another'), field('key', 'b')]
    expect((await post(url, bodyOf([...form(), file('first'), ...late]))).status).toBe(204)
    const got = await sendSigned({ url, path: `/${BUCKET}/a` })
    expect([got.body.toString(), got.headers['x-amz-meta-late']]).toEqual(['first', undefined])
  })

  test('a form without its end changes nothing', async () => {
    const directory = temporaryDirectory()
    const { url } = await startTestOrigin({ directory })
    const answer = await post(url, bodyOf([...form(), file('x'.repeat(500_000))], ''))
    expect(answer).toMatchObject({ status: 400, text: expect.stringContaining('MalformedPOSTRequest') })
    expect(readdirSync(join(directory, 'blobs'))).toEqual([])
    expect((await sendSigned({ url, path: `/${BUCKET}/a` })).code).toBe('NoSuchKey')
  })

  test('a client that leaves in mid-file changes nothing', async () => {
    const directory = temporaryDirectory()
    const { url } = await startTestOrigin({ directory })
    const body = bodyOf([...form(), file('x'.repeat(2_000_000))])
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    await once(socket, 'connect')
    socket.write(
      `POST /${BUCKET} HTTP/1.1\r\nhost: x\r\ncontent-type: ${TYPE}\r\ncontent-length: ${body.length}\r\n\r\n`,
    )
    socket.write(body.slice(0, 1_500_000))
    await vi.waitFor(() => expect(readdirSync(join(directory, 'blobs'))).toHaveLength(1))
    socket.destroy()
    await vi.waitFor(() => expect(readdirSync(join(directory, 'blobs'))).toEqual([]))
    expect((await sendSigned({ url, path: `/${BUCKET}/a` })).code).toBe('NoSuchKey')
  })

  test('a refusal comes before the end of the file, and the connection can be used again', async () => {
    const { url } = await startTestOrigin()
    const body = bodyOf([field('key', 'a'), file('x'.repeat(500_000))])
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    const head = `POST /${BUCKET} HTTP/1.1\r\nhost: x\r\ncontent-type: ${TYPE}\r\ncontent-length: ${body.length}\r\n\r\n`
    socket.write(head + body.slice(0, 1000))
    const [first] = await once(socket, 'data')
    expect(String(first)).toMatch(/^HTTP\/1.1 403 /)
    socket.write(body.slice(1000))
    socket.write('GET /-/health HTTP/1.1\r\nhost: x\r\n\r\n')
    const [second] = await once(socket, 'data')
    expect(String(second)).toMatch(/^HTTP\/1.1 200 /)
    socket.destroy()
  })

  test('a client that waits to be told is told', async () => {
    const { url } = await startTestOrigin()
    expect((await post(url, bodyOf([...form(), file('x')]), { expect: '100-continue' })).status).toBe(204)
  })

  test.each([
    ['no length', { 'transfer-encoding': 'chunked' }, 411],
    ['more than 5 GiB', { 'content-length': String(6 * 1024 ** 3) }, 400],
  ])('%s is refused', async (_what, headers, status) => {
    const { url } = await startTestOrigin()
    expect((await post(url, bodyOf([...form(), file('x')]), headers)).status).toBe(status)
  })
})

async function post(
  url: string,
  body: string,
  further: Readonly<Record<string, string>> = {},
): Promise<{ status: number; text: string }> {
  const length =
    'transfer-encoding' in further ? undefined : { 'content-length': String(Buffer.byteLength(body)) }
  const headers = { 'content-type': TYPE, ...length, ...further }
  const request = httpRequest(`${url}/${BUCKET}`, { method: 'POST', headers, agent: false })
  if ('expect' in further) {
    request.flushHeaders()
    await once(request, 'continue')
  }
  request.on('error', () => undefined).write(body)
  if (!('content-length' in further)) request.end()
  const [response] = await once(request, 'response')
  let text = ''
  for await (const piece of response) text += String(piece)
  request.destroy()
  return { status: response.statusCode, text }
}
