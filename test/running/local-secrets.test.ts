import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { token } from '../../src/commands/token.ts'
import { identityOptionsOf } from '../../src/composition/identity.ts'
import { type Config, ConfigError, parseConfig } from '../../src/config.ts'
import { createIdentity } from '../../src/identity/identity.ts'
import { keptLocalSecrets, makeLocalSecrets } from '../../src/running/local-secrets.ts'

const OWN = 'a secret of the environment that is long enough'
let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'halftone-secrets-'))
})
afterAll(() => rm(directory, { recursive: true }))
afterEach(() => {
  vi.restoreAllMocks()
})

const configOf = (name: string, environment: Record<string, string> = {}) =>
  parseConfig({ HALFTONE_DATA_DIR: join(directory, name), ...environment })

async function print(config: Config, choices: Partial<Parameters<typeof token>[1]> = {}): Promise<string> {
  let printed = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text)
    return true
  })
  await token(config, { user: 'ana', role: [], ttl: '60', ...choices })
  return printed.trim()
}

test('secrets are made once, kept from others, and accepted as settings', async () => {
  const config = configOf('made')
  expect(keptLocalSecrets(config)).toEqual({})
  const made = makeLocalSecrets(config)
  expect(Object.keys(made).toSorted()).toEqual(['HALFTONE_ACCESS_KEYS', 'HALFTONE_JWT_SECRETS'])
  expect(made.HALFTONE_ACCESS_KEYS).not.toBe(made.HALFTONE_JWT_SECRETS)
  expect(parseConfig(made).HALFTONE_JWT_SECRETS).toEqual([made.HALFTONE_JWT_SECRETS])
  expect(makeLocalSecrets(config)).toEqual(made)
  expect(keptLocalSecrets(config)).toEqual(made)
  for (const file of ['jwt-secret', 'access-key']) {
    expect((await stat(join(directory, 'made', file))).mode & 0o777).toBe(0o600)
  }
})

test('what the environment sets is not made', async () => {
  const config = configOf('set', { HALFTONE_JWT_SECRETS: OWN })
  expect(Object.keys(makeLocalSecrets(config))).toEqual(['HALFTONE_ACCESS_KEYS'])
  await expect(readFile(join(directory, 'set', 'jwt-secret'))).rejects.toThrow('ENOENT')
})

test('halftone token prints a token that the gateway accepts', async () => {
  const config = configOf('token', { HALFTONE_JWT_SECRETS: OWN, HALFTONE_JWT_ISSUER: 'https://id.test' })
  const printed = await print(config, { role: ['admin', 'reviewer'] })
  const principal = await createIdentity(identityOptionsOf(config)).authenticate(`Bearer ${printed}`)
  expect(principal).toEqual({ id: 'ana', kind: 'user', roles: new Set(['admin', 'reviewer']) })
})

test('halftone token uses the secret that npm start has made', async () => {
  const config = configOf('started')
  const printed = await print(configOf('started', makeLocalSecrets(config)))
  expect(printed).toMatch(/^ey/)
  const identity = createIdentity(identityOptionsOf(parseConfig(keptLocalSecrets(config))))
  expect(await identity.authenticate(`Bearer ${await print(config)}`)).toMatchObject({ id: 'ana' })
})

test.each([
  ['--role', { role: ['root'] }],
  ['--ttl', { ttl: '0' }],
  ['--ttl', { ttl: '1h' }],
  ['--ttl', { ttl: '9999999' }],
  ['--user', { user: 'a\nb' }],
  ['HALFTONE_JWT_SECRETS', {}],
])('halftone token names %s when it is wrong: %j', async (name, choices) => {
  const minting = print(configOf('nothing'), choices)
  await expect(minting).rejects.toThrow(ConfigError)
  await expect(minting).rejects.toThrow(name)
})
