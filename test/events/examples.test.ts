import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createWebhook } from '../../src/events/webhook.ts'
import { eventOf } from './events.ts'
import { said } from '../support/said.ts'
import { SECRET } from './receiver.ts'

type Handle = (event: { type: string; timestamp: string; data: Record<string, unknown> }) => Promise<void>

let directory: string
let names: string[]

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'halftone-examples-'))
  await symlink(resolve('node_modules'), join(directory, 'node_modules'))
  const page = await readFile('docs/events.md', 'utf8')
  const blocks = [...page.matchAll(/^```js (\S+\.mjs)\n(.*?)^```$/gms)]
  names = blocks.map(([, name = '']) => name)
  for (const [, name = '', text = ''] of blocks) await writeFile(join(directory, name), text)
})
afterAll(async () => rm(directory, { recursive: true }))

const load = async (name: string) => import(pathToFileURL(join(directory, name)).href)

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No port')
  return `http://127.0.0.1:${address.port}`
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
}

const deliver = async (url: string, secret: string, atMs = Date.now()) =>
  createWebhook({ url, secrets: [secret], timeoutMs: 5_000 })(eventOf('items/42', 7), atMs)

describe('the examples of docs/events.md', () => {
  test('are there, and JavaScript', async () => {
    expect(names).toEqual(['receiver.mjs', 'postgresql.mjs', 'opensearch.mjs', 'redis.mjs'])
    for (const name of names) {
      await promisify(execFile)(process.execPath, ['--check', join(directory, name)])
    }
  })

  test('the receiver takes what we sign, and nothing else', async () => {
    const { createReceiver } = await load('receiver.mjs')
    const handled: unknown[] = []
    const server: Server = createReceiver(SECRET, async (event: unknown) => void handled.push(event))
    try {
      const url = await listen(server)
      expect(await deliver(url, SECRET)).toEqual({ outcome: 'delivered' })
      expect(handled).toMatchObject([{ type: 'media.created', data: { object: 'items/42', revision: 7 } }])
      const stranger = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
      const refused = { outcome: 'failed', reason: 'The receiver answered 401' }
      expect(await deliver(url, stranger)).toMatchObject(refused)
      expect(await deliver(url, SECRET, Date.now() - 600_000)).toMatchObject(refused)
      expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(401)
      expect(handled).toHaveLength(1)
    } finally {
      await stop(server)
    }
  })

  test('OpenSearch is asked to keep the latest revision, and its refusal of an older one is no failure', async () => {
    const asked: [method: string | undefined, target: string | undefined][] = []
    const statuses = [201, 409, 500]
    const server = createServer((request, response) => {
      asked.push([request.method, request.url])
      request.resume().on('end', () => response.writeHead(statuses.shift() ?? 500).end())
    })
    try {
      const { createHandler } = await load('opensearch.mjs')
      const handle: Handle = createHandler(await listen(server))
      const event = {
        type: 'media.created',
        timestamp: '2026-01-01T00:00:00Z',
        data: { object: 'items/42', revision: 7 },
      }
      await handle(event)
      await handle(event)
      await handle({ ...event, type: 'document.read', data: { object: 'verification/7' } })
      await expect(handle(event)).rejects.toThrow('500')
      const target = '/media/_doc/items%2F42?version=7&version_type=external'
      expect(asked).toEqual([1, 2, 3].map(() => ['PUT', target]))
    } finally {
      await stop(server)
    }
  })
})

/** A script of its own: the example holds its connection for ever. */
const ADDS = `
  import { Redis } from 'iovalkey'
  import { createHandler } from './redis.mjs'
  const handle = createHandler(process.argv[2])
  for (const id of ['a', 'b', 'a']) await handle({ type: 'media.created', data: { id } })
  const jobs = await new Redis(process.argv[2]).xrange('{media}:jobs', '-', '+')
  process.stdout.write(jobs.map(([, [, text]]) => JSON.parse(text).data.id).join(), () => process.exit())
`
const redisServer = ['valkey-server', 'redis-server'].find(
  (name) => spawnSync(name, ['--version']).status === 0,
)
if (redisServer === undefined) process.stdout.write('No Valkey or Redis here: its example is only parsed\n')

test.runIf(redisServer !== undefined)('Redis has each event in its stream once', async () => {
  const socket = join(directory, 'redis.sock')
  const options = ['--port', '0', '--unixsocket', socket, '--save', '', '--dir', directory]
  const server = spawn(redisServer ?? '', options, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(server, 'exit')
  try {
    await said(server, 'eady to accept connections')
    await writeFile(join(directory, 'adds.mjs'), ADDS)
    const run = promisify(execFile)(process.execPath, [join(directory, 'adds.mjs'), socket])
    expect((await run).stdout).toBe('a,b')
  } finally {
    server.kill()
    await exited
  }
})
