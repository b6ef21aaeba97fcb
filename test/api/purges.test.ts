import { beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { codeOf, createTestApi, readAs, type TestApi, tokenOf } from '../support/api.ts'
import { ITEM, journalPaths, keysUnder, putText } from '../library/library.ts'

let api: TestApi
let admin: string
const VARIANT = `img/items/${ITEM}/photos/a/@123456789012345/800.webp`
const purge = z.object({ id: z.string(), phase: z.string() })

beforeEach(async () => {
  api = createTestApi()
  admin = await tokenOf('root', 'admin')
  await putText(api.store, VARIANT)
})

const ask = async (json: unknown, headers: Readonly<Record<string, string>> = {}) =>
  api.call('POST /purge', { as: admin, json, headers })

describe('a purge', () => {
  test.each([
    ['an item', { items: [ITEM] }, [`items/${ITEM}`]],
    ['a tag', { tags: [`photo:${ITEM}%2Fa`] }, [`items/${ITEM}/photos/a`]],
    [
      'the path of a picture',
      { paths: [`/img/items/${ITEM}/photos/a/800.webp`] },
      [`items/${ITEM}/photos/a`],
    ],
    ['a prefix', { prefixes: ['items/*'] }, ['items']],
  ])('of %s is accepted, carried out, and can be asked for', async (_, request, paths) => {
    const accepted = await ask(request)
    expect(accepted.status).toBe(202)
    const { id, phase } = await readAs(accepted, purge)
    expect(phase).toBe('waiting')
    expect(accepted.headers.get('location')).toBe(`/api/v1/purges/${id}`)
    await api.purges.close()
    const found = await api.call(`GET /purges/${id}`, { as: admin })
    expect(await readAs(found, purge)).toMatchObject({ id, phase: 'done' })
    expect(await journalPaths(api.store)).toEqual(paths)
    expect(await keysUnder(api.store, 'img/')).toEqual([])
    expect(api.failures).toEqual([])
  })

  test('happens once for an Idempotency-Key', async () => {
    const key = { 'idempotency-key': 'purge-1' }
    const first = await readAs(await ask({ items: [ITEM] }, key), purge)
    const again = await ask({ items: [ITEM] }, key)
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    expect(await readAs(again, purge)).toEqual(first)
    await api.purges.close()
    expect(await journalPaths(api.store)).toEqual([`items/${ITEM}`])
    expect(await codeOf(await ask({ items: ['43'] }, key))).toBe('409 conflict')
  })

  test.each([
    [{}],
    [{ items: ['../x'] }],
    [{ paths: ['items/../x'] }],
    [{ tags: ['colour:red'] }],
    [{ prefixes: ['items/4*'] }],
    [{ everything: true }],
    [{ items: Array.from({ length: 1001 }, () => ITEM) }],
  ])('of %j is refused', async (request) => {
    expect(await codeOf(await ask(request))).toBe('400 invalid_request')
    expect(await keysUnder(api.store, 'system/purges/')).toEqual([])
  })

  test('that nobody has asked for is not there', async () => {
    expect(await codeOf(await api.call('GET /purges/4711', { as: admin }))).toBe('404 not_found')
  })
})

test('the queue says what waits', async () => {
  const status = await api.call('GET /purges', { as: admin })
  expect(await status.json()).toEqual({ waiting: 0, sent: 0, oldestMs: 0 })
})

test.each(['POST /purge', 'GET /purges', 'GET /purges/4711'])('%s is for administrators', async (line) => {
  const json = line.startsWith('POST') ? { json: { items: [ITEM] } } : {}
  expect(await codeOf(await api.call(line, json))).toBe('401 authentication_required')
  expect(await codeOf(await api.call(line, { ...json, as: await tokenOf('shop') }))).toBe('403 access_denied')
  expect(await keysUnder(api.store, 'system/')).toEqual([])
})
