import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type Hosted, startHosted } from './hosted.ts'

const listed = z.array(z.object({ name: z.string(), value: z.string() }))
let hosted: Hosted

beforeAll(async () => {
  hosted = await startHosted()
})
afterAll(async () => hosted.close())

const OPTIONS = { fit: 'scale-down', metadata: 'none', width: 1366, height: 768 }

describe('reference 1.4: named variants', () => {
  test('public is there from the beginning, and stays', async () => {
    expect((await hosted.call('GET /v1/variants')).result).toEqual({
      variants: { public: { id: 'public', options: OPTIONS, neverRequireSignedURLs: false } },
    })
    expect((await hosted.call('DELETE /v1/variants/public')).status).toBe(400)
  })

  test('made, read, changed and deleted', async () => {
    const options = {
      fit: 'cover',
      metadata: 'copyright',
      width: 200,
      height: 100,
      blur: 5,
      browser_ttl: 3_600,
    }
    const asked = { id: 'thumb', options, neverRequireSignedURLs: true }
    const made = await hosted.call('POST /v1/variants', asked)
    expect(made.result).toEqual({ variant: asked })
    // Whoever has lost the answer gets it once more; anything else is there already.
    expect((await hosted.call('POST /v1/variants', asked)).result).toEqual(made.result)
    expect(await hosted.call('POST /v1/variants', { ...asked, neverRequireSignedURLs: false })).toMatchObject(
      {
        status: 409,
        errors: [{ code: 5_409 }],
      },
    )
    const changed = { options: { width: 300 }, neverRequireSignedURLs: false }
    const expected = { id: 'thumb', options: { ...options, width: 300 }, neverRequireSignedURLs: false }
    expect((await hosted.call('PATCH /v1/variants/thumb', changed)).result).toEqual({ variant: expected })
    expect((await hosted.call('GET /v1/variants/thumb')).result).toEqual({ variant: expected })
    expect((await hosted.call('DELETE /v1/variants/thumb')).status).toBe(200)
    for (const line of [
      'GET /v1/variants/thumb',
      'DELETE /v1/variants/thumb',
      'GET /v1/variants/constructor',
    ])
      expect((await hosted.call(line)).status, line).toBe(404)
  })

  test('what is not said is as in a new account', async () => {
    const { result } = await hosted.call('POST /v1/variants', {
      id: 'ttl',
      options: { width: 100, browser_ttl: 86_400 },
    })
    expect(result.variant.options).toEqual({
      fit: 'scale-down',
      metadata: 'none',
      width: 100,
      browser_ttl: 86_400,
    })
    await hosted.call('DELETE /v1/variants/ttl')
  })

  test.each([
    [{ id: 'a b', options: {} }, 'id: accepted are 1 to 99'],
    [{ id: '__proto__', options: {} }, 'id: accepted are 1 to 99'],
    [
      { id: 'a', options: { fit: 'squeeze' } },
      'options.fit: accepted is one of scale-down, contain, cover, crop, pad',
    ],
    [
      { id: 'a', options: { width: 0 } },
      'options.width: accepted is a whole number of pixels from 1 to 12000',
    ],
    [{ id: 'a', options: { browser_ttl: 60 } }, 'options.browser_ttl: accepted is a whole number of seconds'],
    [{ id: 'a', options: { metadata: 'all' } }, 'options.metadata: accepted is one of keep, copyright, none'],
    [{ id: 'a' }, 'options'],
    ['no object', 'body'],
  ])('%o is refused', async (body, message) => {
    const refused = await hosted.call('POST /v1/variants', body)
    expect(refused).toMatchObject({ status: 400, errors: [{ code: 5_400 }] })
    expect(refused.errors[0]?.message).toContain(message)
  })

  test('a hundred, and not one more, however many come at once', async () => {
    const names = Array.from({ length: 104 }, (_, index) => `v${index}`)
    const outcomes: number[] = []
    while (names.length > 0)
      outcomes.push(
        ...(await Promise.all(
          names
            .splice(0, 4)
            .map(async (id) => (await hosted.call('POST /v1/variants', { id, options: OPTIONS })).status),
        )),
      )
    expect(outcomes.filter((status) => status === 200)).toHaveLength(99)
    expect(Object.keys((await hosted.call('GET /v1/variants')).result.variants)).toHaveLength(100)
  })
})

describe('reference 1.5: signing keys', () => {
  const keys = async () => listed.parse((await hosted.call('GET /v1/keys')).result.keys)

  test('there is always one, several are valid at once, and the last makes way for a new one', async () => {
    const [first, ...others] = await keys()
    expect([first?.name, others]).toEqual(['default', []])
    expect(first?.value).toMatch(/^[A-Za-z0-9_-]{32,}$/)
    expect(await keys()).toEqual([first])
    const { result } = await hosted.call('PUT /v1/keys/next')
    expect(result.keys.map(({ name }: { name: string }) => name)).toEqual(['default', 'next'])
    // Put once more it is the same key: URLs that it signed stay valid.
    expect((await hosted.call('PUT /v1/keys/next')).result).toEqual(result)
    expect((await hosted.call('DELETE /v1/keys/default')).result.keys).toEqual([result.keys[1]])
    const [fresh, ...rest] = (await hosted.call('DELETE /v1/keys/next')).result.keys
    expect([fresh.name, rest]).toEqual(['default', []])
    expect(fresh.value).not.toBe(first?.value)
    expect((await hosted.call('DELETE /v1/keys/next')).status).toBe(404)
  })

  test('two first readers see one key', async () => {
    await hosted.store.delete(['system/hosted/account.json'])
    const [one, other] = await Promise.all([keys(), keys()])
    expect(one).toEqual(other)
  })
})

describe('reference 1.3, 1.4: configuration', () => {
  test('flexible variants and the time in browsers', async () => {
    expect((await hosted.call('GET /v1/config')).result).toEqual({
      flexible_variants: false,
      browser_ttl: 172_800,
    })
    await hosted.call('PATCH /v1/config', { flexible_variants: true })
    const { result } = await hosted.call('PATCH /v1/config', { browser_ttl: 31_536_000 })
    expect(result).toEqual({ flexible_variants: true, browser_ttl: 31_536_000 })
    for (const body of [{ browser_ttl: 3_599 }, { browser_ttl: '9000' }, { flexible: true }])
      expect((await hosted.call('PATCH /v1/config', body)).status).toBe(400)
  })
})
