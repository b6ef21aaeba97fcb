/**
 * What a newcomer does, on a clean clone in a folder of its own: `npm ci && npm start`, open the page, give it a photo
 * of their own (a file that is named, or one that is made up), look at a picture twice, stop, start again. Says how long
 * each took; fails when anything is not as the README says.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import sharp from 'sharp'
import { makePhoto, seeOwnPhoto } from './own-photo.ts'

const READY_MS = 120_000
const clone = mkdtempSync(join(tmpdir(), 'halftone-first-start-'))
const startedAt = Date.now()
const say = (text: string) =>
  process.stdout.write(`${((Date.now() - startedAt) / 1000).toFixed(1)} s: ${text}\n`)

/** `npm start` on free ports; resolves with its address when it says that it is ready. */
async function start(): Promise<{ url: string; stop: () => Promise<number | null> }> {
  const ports = { PORT: '0', ORIGIN_PORT: '0', HALFTONE_ADMIN_PORT: '0' }
  const child = spawn('npm', ['start'], {
    cwd: clone,
    env: { ...process.env, ...ports },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  const lines = createInterface(child.stdout)
  const timer = setTimeout(() => child.kill(), READY_MS)
  try {
    for await (const line of lines) {
      const [, url] = /Open (http:\S+)\/ or try/.exec(line) ?? []
      if (url !== undefined) return { url, stop: () => stop(child) }
    }
  } finally {
    clearTimeout(timer)
    child.stdout.resume()
  }
  throw new Error('npm start ended, or was not ready in time')
}

/** What has been started and not stopped: it would outlive a failure. */
const running = new Set<ChildProcess>()

async function stop(child: ChildProcess): Promise<number | null> {
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  return typeof code === 'number' ? code : null
}

async function look(url: string) {
  const answer = await fetch(url)
  const bytes = Buffer.from(await answer.arrayBuffer())
  assert.equal(answer.status, 200, `${url}: ${bytes.toString()}`)
  return { bytes, header: (name: string) => answer.headers.get(name) }
}

/** Whether the origin's records name this key. */
function isStored(key: string): boolean {
  const meta = join(clone, 'data', 'origin', 'meta')
  return readdirSync(meta, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => entry.isFile())
    .some((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8').includes(JSON.stringify(key)))
}

try {
  execFileSync('git', ['clone', '--quiet', process.cwd(), clone])
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: clone, stdio: 'inherit' })
  say('installed')

  const first = await start()
  say(`ready at ${first.url}`)
  say(await seeOwnPhoto(`${first.url}/`, process.argv[2] ?? (await makePhoto(clone))))
  const picture = `${first.url}/img/items/demo-1/800.webp`
  const cold = await look(picture)
  const { format, width } = await sharp(cold.bytes).metadata()
  assert.deepEqual({ format, width }, { format: 'webp', width: 800 })
  assert.equal((await look(picture)).header('cache-status'), 'memory; hit')
  assert.match((await look(`${first.url}/`)).bytes.toString(), /demo-8/)
  for (let item = 1; item <= 8; item += 1)
    await look(`${first.url}/img/items/demo-${item}/photos/p2/320.webp`)
  for (const user of ['demo-ana', 'demo-ben']) await look(`${first.url}/img/profiles/${user}/256x256.jpg`)
  assert.equal(await first.stop(), 0)
  say('looked at everything, stopped')

  const location = cold.header('content-location') ?? ''
  assert.ok(isStored(location.slice(1)), `${location} is not in the bucket`)
  const second = await start()
  const warm = await look(picture.replace(first.url, second.url))
  assert.equal(warm.header('cache-status'), 'memory; fwd=miss, bucket; hit')
  assert.equal(warm.header('etag'), cold.header('etag'))
  assert.ok(warm.bytes.equals(cold.bytes))
  assert.equal(await second.stop(), 0)
  say('kept over a restart')
} finally {
  for (const child of running) await stop(child)
  rmSync(clone, { recursive: true, force: true })
}
