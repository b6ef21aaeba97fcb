import { describe, expect, test } from 'vitest'
import { secretsIn } from '../support/emissions/secrets.ts'
import { CHANNELS, EmissionWatch, emissions } from '../support/emissions/watch.ts'
import { createTestGateway } from '../support/gateway.ts'
import { TOKEN_SECRET } from '../support/api.ts'
import { environmentOf, serve } from '../support/program.ts'
import { startOrigin } from '../support/s3-server.ts'

describe('what is looked for', () => {
  test.each([
    [{ HALFTONE_SIGNING_KEYS: 'first-signing-key,second-signing-key' }, 'second-signing-key'],
    [{ HALFTONE_API_KEYS: 'shop:service:hk_0123456789abcdef' }, 'hk_0123456789abcdef'],
    [{ ORIGIN_CREDENTIALS: 'id:the-secret-of-it' }, 'the-secret-of-it'],
    [{ HALFTONE_REDIS_URL: 'redis://user:open-sesame@127.0.0.1' }, 'open-sesame'],
    [{ KEY: '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----' }, 'MHcCAQEE'],
  ])('%o has one', (environment, secret) => {
    expect(secretsIn(environment)).toContain(secret)
  })

  test('ids of keys, and settings that are none, are not secret', () => {
    const environment = {
      AWS_ACCESS_KEY_ID: 'AKIAEXAMPLEEXAMPLE',
      HALFTONE_CDN_URL: 'https://cdn.example.com',
    }
    expect(secretsIn(environment)).toEqual([])
  })

  test.each([
    ['as it is', '/kZ8+"secret"%'],
    ['in a URL', '%2FkZ8%2B%22secret%22%25'],
    ['in JSON', String.raw`/kZ8+\"secret\"%`],
    ['in base64', 'L2taOCsic2VjcmV0IiU='],
  ])('a secret that is emitted %s is found, and is not told again', (_how, text) => {
    const watch = new EmissionWatch()
    watch.expect({ AWS_SECRET_ACCESS_KEY: '/kZ8+"secret"%' })
    watch.note('log', 'before and after')
    expect(watch.takeLeaks()).toEqual([])
    watch.note('log', `before ${text} after`)
    expect(watch.takeLeaks()).toEqual(['log: …before [a secret]'])
  })
})

test('all channels of the suite lead here, and its secrets are known', async () => {
  const origin = await startOrigin()
  const program = await serve({ ...environmentOf(origin), HALFTONE_JWT_SECRETS: TOKEN_SECRET })
  const gateway = await createTestGateway({ environment: { HALFTONE_SIGNING_KEYS: 'a-key-for-signing-it' } })
  try {
    for (const answer of [
      await fetch(`${program.url}/img/none/800.webp`),
      await gateway.fetch('/img/none/800.webp'),
    ]) {
      expect(answer.status).toBe(404)
      await answer.text()
    }
  } finally {
    await gateway.close()
    program.kill('SIGTERM')
    await program.ended
    await origin.stop()
  }
  expect([...emissions.seen.keys()].toSorted()).toEqual([...CHANNELS].toSorted())
  expect(emissions.size).toBeGreaterThanOrEqual(3)
})
