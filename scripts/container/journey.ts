import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import sharp from 'sharp'
import { parse } from 'yaml'
import { z } from 'zod'
import { encode, photo } from '../../test/support/pictures.ts'
import { freePort } from '../foreign/free-port.ts'
import type { Confinement, Image } from './confined.ts'
import { filledExample } from './lint.ts'

const READY_MS = 30_000
const WIDTHS = [320, 640, 1080, 1600]

const composeFile = z.object({
  services: z.record(
    z.string(),
    z.object({ command: z.array(z.string()).optional(), environment: z.record(z.string(), z.string()) }),
  ),
})

type Environment = Readonly<Record<string, string>>

/** The small site of `docker-compose.yml`, origin and gateway, each confined; says what was seen, throws at what is wrong. */
export async function tryImage(
  image: Image,
  confinement: Confinement,
  say: (text: string) => void,
): Promise<void> {
  const running: ChildProcess[] = []
  const run = (command: readonly string[], env: Environment) => {
    const child = confinement.start(image, command, { ...image.settings.environment, ...env })
    running.push(child)
    return child
  }
  try {
    const site = siteOf(await freePort(), await freePort())
    const origin = await listening(run(site.originCommand, site.origin))
    await putPicture(site.gateway, origin)
    const ports = { HALFTONE_ADMIN_PORT: `${await freePort()}`, PORT: '0' }
    const env = { ...site.gateway, ...ports, HALFTONE_HOST: '127.0.0.1', AWS_ENDPOINT_URL_S3: origin }
    const health = async () => (await once(run(image.settings.health, env), 'exit'))[0]
    assert.equal(await health(), 1, 'the health check passes before anything runs')
    const gateway = run(image.settings.command, env)
    const url = await listening(gateway)
    assert.equal(await health(), 0, 'the health check fails')
    assert.equal((await fetch(`${url}/livez`)).status, 200)
    say('it starts, and its health check says so')
    await lookAt(url)
    say(`${WIDTHS.length} sizes of a picture`)
    checkConfinement(image, confinement, gateway.pid ?? 0)
    say(`uid ${image.settings.uid} writes nowhere but to /tmp`)
    say(memoryOf(gateway.pid ?? 0, image.settings.environment['LD_PRELOAD'] ?? ''))
    say(await stopInTime(gateway, Number(site.gateway['HALFTONE_GRACE_MS'])))
  } finally {
    for (const child of running) if (child.exitCode === null) child.kill('SIGKILL')
  }
}

/** What the compose file sets, with the example of its secrets, on ports of this machine. */
function siteOf(originPort: number, adminPort: number) {
  const secrets = new Map(
    [...filledExample().matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  )
  const text = readFileSync('docker-compose.yml', 'utf8').replaceAll(
    /\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}/g,
    (_, name: string, fallback = '') => secrets.get(name) ?? fallback,
  )
  const { gateway, origin } = composeFile.parse(parse(text, { merge: true })).services
  return {
    gateway: { ...gateway?.environment, HALFTONE_ADMIN_PORT: `${adminPort}` } as Environment,
    originCommand: origin?.command ?? [],
    origin: {
      ...origin?.environment,
      ORIGIN_HOST: '127.0.0.1',
      ORIGIN_PORT: `${originPort}`,
      ORIGIN_DIR: '/tmp/origin',
    },
  }
}

/** The address that a program says it listens at. */
async function listening(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('No output')
  const late = setTimeout(() => child.kill(), READY_MS)
  const said: string[] = []
  try {
    for await (const line of createInterface(child.stdout)) {
      said.push(line)
      const [, url] = /"url":"(http:[^"]+)"/.exec(line) ?? []
      if (url !== undefined && line.includes('listening')) return url
    }
  } finally {
    clearTimeout(late)
    child.stdout.resume()
  }
  throw new Error(
    `${child.spawnargs.at(-1)} did not start (${child.exitCode ?? child.signalCode}):\n${said.join('\n')}`,
  )
}

async function putPicture(env: Environment, endpoint: string): Promise<void> {
  const credentials = {
    accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '',
  }
  const s3 = new S3Client({ endpoint, region: 'us-east-1', credentials, forcePathStyle: true })
  const Body = await encode(photo(2400, 1800), 'jpg')
  await s3.send(
    new PutObjectCommand({
      Bucket: env['HALFTONE_BUCKET'],
      Key: 'items/a/photo.jpg',
      Body,
      ContentType: 'image/jpeg',
    }),
  )
  s3.destroy()
}

async function lookAt(url: string): Promise<void> {
  for (const width of WIDTHS) {
    const answer = await fetch(`${url}/img/items/a/photo.jpg/${width}.webp`)
    const bytes = Buffer.from(await answer.arrayBuffer())
    assert.equal(answer.status, 200, bytes.toString())
    const found = await sharp(bytes).metadata()
    assert.deepEqual([found.format, found.width], ['webp', width])
  }
}

function checkConfinement(image: Image, { beside }: Confinement, id: number): void {
  assert.equal(beside(image, id, 'test -r "$1/dist/src/main.js"'), 0, 'the program cannot be read')
  assert.notEqual(beside(image, id, 'touch "$1/dist/written"'), 0, 'the program can be written')
  assert.equal(
    beside(image, id, 'touch /tmp/halftone-written && rm /tmp/halftone-written'),
    0,
    '/tmp cannot be written',
  )
  if (process.getuid?.() !== 0 || process.platform !== 'linux') return
  const status = readFileSync(`/proc/${id}/status`, 'utf8')
  assert.match(status, new RegExp(`^Uid:\\s+${image.settings.uid}\\b`, 'm'))
}

/** Which allocator gateway and workers have, and how much memory they take. */
function memoryOf(id: number, library: string): string {
  if (process.platform !== 'linux') return 'memory is not looked at: this is not Linux'
  const family = [id, ...childrenOf(id)]
  const preloaded = family.filter((one) => readFileSync(`/proc/${one}/maps`, 'utf8').includes(library))
  const kilobytes = family.map((one) =>
    Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${one}/status`, 'utf8'))?.[1]),
  )
  const total = Math.round(kilobytes.reduce((sum, one) => sum + one, 0) / 1024)
  const allocator = preloaded.length === 0 ? `without ${library}, which is not installed` : `with ${library}`
  if (preloaded.length > 0) assert.deepEqual(preloaded, family, `${library} is not in all processes`)
  return `${family.length} processes with ${total} MB together, ${allocator}`
}

function childrenOf(id: number): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(join('/proc', name, 'status'), 'utf8'))?.[1]
      return Number(parent) === id ? [Number(name)] : []
    } catch {
      // It has ended meanwhile.
      return []
    }
  })
}

async function stopInTime(child: ChildProcess, graceMs: number): Promise<string> {
  const startedAt = performance.now()
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const [code] = await Promise.race([ended, pause(graceMs, ['not in time'], { ref: false })])
  assert.equal(code, 0, `SIGTERM: ${code}`)
  return `SIGTERM ends it in ${Math.round(performance.now() - startedAt)} ms`
}
