import { describe, expect, test } from 'vitest'
import { readWholeForm } from '../../src/uploads/whole-form.ts'

const LIMITS = { maxBytes: 4_096, maxFileBytes: 1_000, idleTimeoutMs: 10_000 }

const field = (name: string, value: string) =>
  `--B\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
const file = (text: string, name = 'file') =>
  `--B\r\ncontent-disposition: form-data; name="${name}"; filename="a.jpg"\r\n\r\n${text}\r\n`

const read = async (body: string) =>
  readWholeForm(
    new Request('http://test/', {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=B' },
      body,
    }),
    LIMITS,
  )

describe('reference 1.7: forms of clients that know no order', () => {
  test.each([
    ['before its fields', file('abc') + field('id', 'x') + field('creator', 'y')],
    ['behind them', field('id', 'x') + field('creator', 'y') + file('abc')],
    ['among them', field('id', 'x') + file('abc') + field('creator', 'y')],
  ])('the file may stand %s', async (_, body) => {
    const form = await read(`${body}--B--\r\n`)
    expect(form.file).toEqual({ fileName: 'a.jpg', bytes: Buffer.from('abc') })
    expect(form.fields).toEqual(
      new Map([
        ['id', 'x'],
        ['creator', 'y'],
      ]),
    )
  })

  test('there need be none', async () => {
    expect(await read(`${field('url', 'https://a.test/')}--B--\r\n`)).toEqual({
      fields: new Map([['url', 'https://a.test/']]),
      file: undefined,
    })
  })

  test.each([
    ['a second file', `${file('a')}${file('b')}--B--\r\n`, 'invalid_request'],
    ['a file of another name', `${file('a', 'image')}--B--\r\n`, 'invalid_request'],
    ['a field twice', `${field('id', 'a')}${field('id', 'b')}--B--\r\n`, 'invalid_request'],
    ['a field of 9 KB', `${field('id', 'a'.repeat(3_000))}${'x'.repeat(2_000)}`, 'body_too_large'],
    [
      '65 fields',
      `${Array.from({ length: 65 }, (_, index) => field(`${index}`, '')).join('')}--B--\r\n`,
      'invalid_request',
    ],
    ['parts without a name', `${'--B\r\n\r\n\r\n'.repeat(100)}--B--\r\n`, 'invalid_request'],
    ['a file that is too long', `${file('a'.repeat(1_001))}--B--\r\n`, 'upload_too_large'],
    ['an end that is missing', file('a'), 'invalid_request'],
    ['nothing', '', 'invalid_request'],
  ])('%s is refused', async (_, body, code) => {
    await expect(read(body)).rejects.toMatchObject({ code })
  })

  test('what is no form is refused', async () => {
    const request = new Request('http://test/', { method: 'POST', body: '{}' })
    await expect(readWholeForm(request, LIMITS)).rejects.toMatchObject({ code: 'unsupported_media_type' })
  })
})
