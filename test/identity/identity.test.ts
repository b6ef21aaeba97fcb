import { createHmac } from 'node:crypto'
import { exportSPKI, importJWK, SignJWT } from 'jose'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createIdentity, type IdentityOptions } from '../../src/identity/identity.ts'
import { mintToken } from '../../src/identity/tokens.ts'
import { createIssuerKey, inSeconds, startKeyServer } from '../support/key-server.ts'

const SECRET = 'a secret for tests, of 32 characters or more'
const OLD = 'an older secret for tests, of 32 characters'
const API_SECRET = `hk_${'k'.repeat(32)}`
const BASE: IdentityOptions = {
  secrets: [SECRET, OLD],
  audience: 'halftone',
  issuer: 'https://id.test',
  rolesClaim: 'roles',
  apiKeys: [
    { name: 'jobs', roles: ['admin'], secret: `hk_${'j'.repeat(32)}` },
    { name: 'shop', roles: [], secret: API_SECRET },
  ],
}

const authenticate = (token: string, options = BASE) =>
  createIdentity(options).authenticate(`Bearer ${token}`)

/** A token by hand: also of headers that no library signs. */
function forge(header: object, claims: object, key: string): string {
  const rest = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${rest}.${createHmac('sha256', key).update(rest).digest('base64url')}`
}

const claims = (over: object = {}) => ({
  sub: 'ana',
  aud: 'halftone',
  iss: 'https://id.test',
  exp: inSeconds(60),
  ...over,
})
const hs256 = (over: object = {}, secret = SECRET) => forge({ alg: 'HS256' }, claims(over), secret)

describe('tokens by secret', () => {
  test('are of the user in `sub`, signed with any of the secrets', async () => {
    for (const secret of [SECRET, OLD]) {
      expect(await authenticate(hs256({}, secret))).toEqual({ id: 'ana', kind: 'user', roles: new Set() })
    }
  })

  test.each([
    [
      ['admin', 'reviewer'],
      ['admin', 'reviewer'],
    ],
    [['editor', 'admin'], ['admin']],
    ['reviewer editor', ['reviewer']],
    ['administrator', []],
    [{ admin: true }, []],
    [7, []],
    [undefined, []],
  ])('roles %j are %j', async (roles, known) => {
    const principal = await authenticate(hs256({ roles }))
    expect([...(principal?.roles ?? [])]).toEqual(known)
  })

  test('roles come from the claim that is configured', async () => {
    const rolesClaim = 'https://shop.test/roles'
    const token = hs256({ [rolesClaim]: ['admin'], roles: ['reviewer'] })
    expect((await authenticate(token, { ...BASE, rolesClaim }))?.roles).toEqual(new Set(['admin']))
  })

  test.each([
    ['expired', { exp: inSeconds(-60) }],
    ['without an end', { exp: undefined }],
    ['not yet valid', { nbf: inSeconds(60) }],
    ['for another audience', { aud: 'shop' }],
    ['for no audience', { aud: undefined }],
    ['of another issuer', { iss: 'https://evil.test' }],
    ['of no issuer', { iss: undefined }],
    ['of nobody', { sub: undefined }],
    ['of an empty subject', { sub: '' }],
    ['of a subject with control characters', { sub: 'a\nb' }],
    ['of a subject that is no text', { sub: 7 }],
  ])('are refused: %s', async (_, over) => {
    await expect(authenticate(hs256(over))).rejects.toMatchObject({ code: 'token_invalid' })
  })

  test('clocks may be off by seconds', async () => {
    expect(await authenticate(hs256({ exp: inSeconds(-5), nbf: inSeconds(5) }))).toMatchObject({ id: 'ana' })
  })

  test('of any issuer are accepted where none is configured, the audience never', async () => {
    const { issuer: _, ...open } = BASE
    expect(await authenticate(hs256({ iss: undefined }), open)).toMatchObject({ id: 'ana' })
    await expect(authenticate(hs256({ aud: 'shop' }), open)).rejects.toMatchObject({ code: 'token_invalid' })
  })

  test.each([
    ['none', `${forge({ alg: 'none' }, claims(), '').split('.').slice(0, 2).join('.')}.`],
    ['NONE', forge({ alg: 'NONE' }, claims(), SECRET)],
    ['HS384', forge({ alg: 'HS384' }, claims(), SECRET)],
    ['no algorithm', forge({}, claims(), SECRET)],
    ['RS256 without keys', forge({ alg: 'RS256' }, claims(), SECRET)],
    ['a critical header', forge({ alg: 'HS256', crit: ['exp'] }, claims(), SECRET)],
    ['a key of its own', forge({ alg: 'HS256', jwk: { kty: 'oct', k: 'eA' } }, claims(), 'x')],
    ['the empty secret', forge({ alg: 'HS256' }, claims(), '')],
    ['another secret', hs256({}, `${SECRET}!`)],
    [
      'a changed claim',
      hs256().replace(
        /\.[^.]+\./,
        `.${Buffer.from(JSON.stringify(claims({ sub: 'ben' }))).toString('base64url')}.`,
      ),
    ],
    ['no signature', hs256().replace(/[^.]+$/, '')],
    ['words', 'let.me.in'],
    ['one word', 'letmein'],
  ])('are refused: %s', async (_, token) => {
    await expect(authenticate(token)).rejects.toMatchObject({ code: 'token_invalid' })
  })

  test('a minted token is accepted, with its roles', async () => {
    const token = await mintToken(BASE, {
      user: 'ana',
      roles: ['reviewer'],
      expiresAt: new Date(Date.now() + 60_000),
    })
    expect(await authenticate(token)).toEqual({ id: 'ana', kind: 'user', roles: new Set(['reviewer']) })
    const minting = mintToken({ ...BASE, secrets: [] }, { user: 'ana', roles: [], expiresAt: new Date() })
    await expect(minting).rejects.toThrow(RangeError)
  })
})

describe('tokens by public key', () => {
  const servers: Awaited<ReturnType<typeof startKeyServer>>[] = []
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop()
  })
  let first: Awaited<ReturnType<typeof createIssuerKey>>
  let second: typeof first
  beforeAll(async () => {
    first = await createIssuerKey('RS256', 'first')
    second = await createIssuerKey('ES256', 'second')
  })

  async function start(options: Partial<IdentityOptions> = {}) {
    const keys = await startKeyServer([first.publicJwk])
    servers.push(keys)
    const identity = createIdentity({ ...BASE, jwksUrl: keys.url, jwksCooldownMs: 0, ...options })
    const read = (token: string) => identity.authenticate(`Bearer ${token}`)
    return { keys: keys.state, read }
  }

  test.each(['RS256', 'ES256', 'EdDSA'] as const)(
    '%s is accepted, and the keys are asked for once',
    async (alg) => {
      const key = await createIssuerKey(alg, alg)
      const { keys, read } = await start()
      keys.keys = [key.publicJwk]
      const tokens = await Promise.all([1, 2, 3].map(() => key.sign({ roles: ['admin'] })))
      const principals = await Promise.all(tokens.map(read))
      expect(principals.at(-1)).toEqual({ id: 'ana', kind: 'user', roles: new Set(['admin']) })
      expect(keys.asked).toBe(1)
    },
  )

  test('a new key is fetched when a token names it', async () => {
    const { keys, read } = await start()
    await read(await first.sign())
    keys.keys = [second.publicJwk]
    expect(await read(await second.sign())).toMatchObject({ id: 'ana' })
    expect(keys.asked).toBe(2)
    await expect(read(await first.sign())).rejects.toMatchObject({ code: 'token_invalid' })
  })

  test('made-up key ids do not make it ask all the time', async () => {
    const { keys, read } = await start({ jwksCooldownMs: 60_000 })
    await read(await first.sign())
    for (const kid of ['a', 'b', 'c']) {
      await expect(read(await first.sign({}, { kid }))).rejects.toMatchObject({ code: 'token_invalid' })
    }
    expect(keys.asked).toBe(1)
  })

  test.each([
    ['503', { status: 503 }],
    ['a redirect', { status: 302 }],
    ['no JSON', { body: '<html>' }],
    ['no keys', { body: '{}' }],
  ])('keys that cannot be had (%s) are not the fault of the token', async (_, answer) => {
    const { keys, read } = await start()
    Object.assign(keys, answer)
    await expect(read(await first.sign())).rejects.toMatchObject({ code: 'identity_unreachable' })
  })

  test('an endpoint that is down is not asked for every token', async () => {
    const { keys, read } = await start({ jwksCooldownMs: 60_000 })
    keys.status = 503
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(read(await first.sign())).rejects.toMatchObject({ code: 'identity_unreachable' })
    }
    expect(keys.asked).toBe(1)
  })

  test('a public key is never taken for a secret', async () => {
    const { read } = await start()
    const publicKey = await importJWK(first.publicJwk, 'RS256')
    if (publicKey instanceof Uint8Array) throw new Error('A public RSA key is no secret')
    const pem = await exportSPKI(publicKey)
    for (const key of [pem, pem.trim(), JSON.stringify(first.publicJwk), `${first.publicJwk.n}`]) {
      for (const alg of ['HS256', 'RS256']) {
        const token = forge({ alg, kid: 'first' }, claims({ roles: ['admin'] }), key)
        await expect(read(token)).rejects.toMatchObject({ code: 'token_invalid' })
      }
    }
  })

  test('a secret among the published keys is not used', async () => {
    const { keys, read } = await start({ secrets: [] })
    keys.keys = [{ kty: 'oct', kid: 'oct', k: Buffer.from(SECRET).toString('base64url') }]
    const token = await new SignJWT(claims())
      .setProtectedHeader({ alg: 'HS256', kid: 'oct' })
      .sign(new TextEncoder().encode(SECRET))
    await expect(read(token)).rejects.toMatchObject({ code: 'token_invalid' })
  })

  test('wrong audience, issuer and time are refused as with secrets', async () => {
    const { read } = await start()
    for (const over of [{ aud: 'shop' }, { iss: 'https://evil.test' }, { exp: inSeconds(-60) }]) {
      await expect(read(await first.sign(over))).rejects.toMatchObject({ code: 'token_invalid' })
    }
  })
})

describe('servers', () => {
  test('are known by their keys', async () => {
    expect(await authenticate(API_SECRET)).toEqual({ id: 'shop', kind: 'server', roles: new Set() })
    expect(await authenticate(`hk_${'j'.repeat(32)}`)).toMatchObject({
      id: 'jobs',
      roles: new Set(['admin']),
    })
  })

  test.each([`hk_${'x'.repeat(32)}`, `${API_SECRET}k`, API_SECRET.slice(0, -1), 'hk_'])(
    'are refused with %s',
    async (secret) => {
      await expect(authenticate(secret)).rejects.toMatchObject({ code: 'token_invalid' })
    },
  )
})

describe('the header', () => {
  test('that is not there is nobody', async () => {
    expect(await createIdentity(BASE).authenticate(undefined)).toBeUndefined()
  })

  test('is read whatever the case of its scheme', async () => {
    expect(await createIdentity(BASE).authenticate(`bearer ${API_SECRET}`)).toMatchObject({ id: 'shop' })
  })

  test.each([
    '',
    'Bearer',
    'Bearer ',
    `Basic ${API_SECRET}`,
    API_SECRET,
    `Bearer ${API_SECRET} x`,
    'Bearer a,b',
  ])('is refused: %j', async (header) => {
    await expect(createIdentity(BASE).authenticate(header)).rejects.toMatchObject({ code: 'token_invalid' })
  })
})
