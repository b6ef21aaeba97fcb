import { createServer } from 'node:http'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createS3ObjectStore } from '../../src/storage/s3-object-store.ts'
import { object, startScript } from './raw-server.ts'

beforeEach(() => {
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE']) {
    vi.stubEnv(name, undefined)
  }
  vi.stubEnv('AWS_CONFIG_FILE', '/nowhere/config')
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nowhere/credentials')
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
})

afterEach(() => {
  vi.unstubAllEnvs()
})

/** What ECS and EKS give a container: its role's credentials over HTTP. */
async function startContainerRole() {
  const role = { AccessKeyId: 'ROLEKEY', SecretAccessKey: 'role-secret', Token: 'role-token' }
  let asked = 0
  const server = createServer((_request, response) => {
    asked += 1
    const Expiration = new Date(Date.now() + 3_600_000).toISOString()
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ ...role, Expiration }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return {
    url: `http://127.0.0.1:${port}/role`,
    asked: () => asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe('credentials', () => {
  test('are asked of nobody when they are given', async () => {
    await using role = await startContainerRole()
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', role.url)
    await using bucket = await startScript([object('x')])
    expect(await bucket.store.get('a.jpg')).toMatchObject({ outcome: 'found' })
    expect(bucket.authorizations).toEqual([expect.stringContaining('Credential=key/')])
    expect(role.asked()).toBe(0)
  })

  test('come from the role of the machine when none are given, once', async () => {
    await using role = await startContainerRole()
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', role.url)
    await using bucket = await startScript([object('x')], { credentials: undefined })
    await bucket.store.get('a.jpg')
    await bucket.store.get('a.jpg')
    expect(bucket.authorizations).toEqual(Array(2).fill(expect.stringContaining('Credential=ROLEKEY/')))
    expect(role.asked()).toBe(1)
  })

  test('that are nowhere are a refusal, and the bucket is not asked', async () => {
    await using bucket = await startScript([object('x')], { credentials: undefined })
    await expect(bucket.store.get('a.jpg')).rejects.toMatchObject({
      code: 'bucket_refused',
      cause: { name: 'CredentialsProviderError' },
    })
    expect(bucket.requests).toEqual([])
  })
})

describe('settings', () => {
  test('that are not given are those of the environment', async () => {
    await using bucket = await startScript([object('x')])
    vi.stubEnv('AWS_ENDPOINT_URL_S3', bucket.url)
    vi.stubEnv('AWS_REGION', 'eu-central-1')
    const credentials = { accessKeyId: 'own', secretAccessKey: 'secret' }
    const store = createS3ObjectStore({ bucket: 'bucket', forcePathStyle: true, credentials })
    expect(await store.get('a.jpg')).toMatchObject({ outcome: 'found' })
    expect(bucket.authorizations).toEqual([expect.stringMatching(/Credential=own\/\d+\/eu-central-1\/s3/)])
    store.close()
  })

  test('bound the sockets', async () => {
    let underWay = 0
    let most = 0
    const slowly = (...exchange: Parameters<ReturnType<typeof object>>) => {
      underWay += 1
      most = Math.max(most, underWay)
      setTimeout(() => {
        underWay -= 1
        object('x')(...exchange)
      }, 5)
    }
    await using bucket = await startScript([slowly], { connections: 3 })
    await Promise.all(Array.from({ length: 12 }, () => bucket.store.get('a.jpg')))
    expect(most).toBe(3)
  })

  test('keep a connection, after a HEAD too', async () => {
    const ports = new Set<number | undefined>()
    const noting = (...[request, response]: Parameters<ReturnType<typeof object>>) => {
      ports.add(request.socket.remotePort)
      object('x')(request, response)
    }
    await using bucket = await startScript([noting])
    for (let round = 0; round < 10; round += 1) await bucket.store.head('a.jpg')
    expect(bucket.requests).toHaveLength(10)
    // A socket is free one turn of the event loop after its answer: whoever comes sooner gets a second one.
    expect(ports.size).toBeLessThanOrEqual(2)
  })
})
