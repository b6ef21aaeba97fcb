import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WorkerPool } from '../../src/render/worker-pool.ts'
import { DEFAULT_RENDERING } from '../../src/transform/rendering-settings.ts'
import { LIMITS } from '../pixels/limits.ts'
import { encode, photo } from '../support/pictures.ts'
import { startPool, WORKER_FILE } from './pool.ts'
import { until } from './until.ts'

const SOURCE = await encode(photo(300, 200), 'jpg')
const SPEC = { fit: 'width', width: 100, format: 'webp' } as const

async function pidOf(pool: WorkerPool): Promise<number> {
  // After a picture all the threads are there that ever will be.
  await pool.render(SOURCE, SPEC)
  return pool.stats().workers[0]?.pid ?? 0
}

describe.runIf(process.platform === 'linux')('a worker as the kernel sees it', () => {
  it('has nothing in its environment but what is allowed', async () => {
    const secret = 'aws-secret-6d1f'
    const { pool } = startPool({
      environment: {
        AWS_SECRET_ACCESS_KEY: secret,
        HALFTONE_TOKEN: secret,
        PATH: secret,
        MALLOC_CONF: 'narenas:1',
      },
    })
    const environment = readFileSync(`/proc/${await pidOf(pool)}/environ`, 'utf8')
    const names = environment.split('\0').flatMap((line) => line.split('=', 1))
    // Node adds its channel's, and the coverage directory's where there is one.
    const allowed = ['MALLOC_ARENA_MAX', 'MALLOC_CONF', 'UV_THREADPOOL_SIZE', 'VIPS_CONCURRENCY']
    expect(names.filter((name) => name !== '' && !name.startsWith('NODE_')).toSorted()).toEqual(allowed)
    expect(environment).not.toContain(secret)
  })

  it('has none of our files and sockets', async () => {
    const file = openSync(join(tmpdir(), `halftone-descriptor-${process.pid}`), 'w')
    onTestFinished(() => closeSync(file))
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const { pool } = startPool({ workers: 2 })
    const pid = await pidOf(pool)
    const listening = new Set(descriptors(process.pid).filter((target) => target.startsWith('socket:')))
    expect(listening.size).toBeGreaterThan(0)
    const held = descriptors(pid)
    expect(held.some((target) => target.includes('halftone-descriptor'))).toBe(false)
    expect(held.filter((target) => listening.has(target))).toEqual([])
  })

  it('yields to the gateway in every thread, and is killed first when memory is short', async () => {
    const { pool } = startPool({ niceness: 7 })
    const pid = await pidOf(pool)
    const threads = readdirSync(`/proc/${pid}/task`)
    expect(threads.length).toBeGreaterThan(3)
    for (const thread of threads) expect(niceness(`/proc/${pid}/task/${thread}/stat`)).toBe(7)
    expect(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8').trim()).toBe('500')
  })

  it('stays when a terminal or a supervisor signals the whole group', async () => {
    const { pool } = startPool()
    const pid = await pidOf(pool)
    process.kill(pid, 'SIGINT')
    process.kill(pid, 'SIGTERM')
    await expect(pool.render(SOURCE, SPEC)).resolves.toBeDefined()
    expect(pool.stats().workers[0]?.pid).toBe(pid)
  })
})

it('a worker does not outlive the gateway, not even in mid-picture', async () => {
  const pool = new URL('../../dist/src/render/worker-pool.js', import.meta.url).href
  const source = (await encode(photo(2000, 1500), 'jpg')).toString('base64')
  const gateway = spawn(process.execPath, ['--input-type=module', '-e', gatewayScript(pool)], {
    stdio: 'pipe',
  })
  onTestFinished(() => void gateway.kill('SIGKILL'))
  gateway.stdin.end(source)
  const [line] = await once(createInterface({ input: gateway.stdout }), 'line')
  const pid = Number(line)
  expect(() => process.kill(pid, 0)).not.toThrow()
  gateway.kill('SIGKILL')
  await until(() => !isAlive(pid))
})

/** A gateway in little: takes a picture from its standard input, and names the worker that is busy with it. */
function gatewayScript(pool: string): string {
  return `
    import { text } from 'node:stream/consumers'
    const { WorkerPool } = await import('${pool}')
    const source = Buffer.from(await text(process.stdin), 'base64')
    const pool = new WorkerPool({ workers: 1, workerFile: '${WORKER_FILE}', environment: {}, limits: ${JSON.stringify(LIMITS)}, settings: ${JSON.stringify(DEFAULT_RENDERING)} })
    await pool.ready()
    void pool.render(source, { fit: 'original', format: 'avif' })
    const timer = setInterval(() => {
      const busy = pool.stats().workers.find(({ state }) => state === 'busy')
      if (!busy) return
      clearInterval(timer)
      console.log(busy.pid)
    }, 1)`
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // Dead, but not yet collected by whoever inherited it.
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}

function descriptors(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`)
    } catch {
      // The one that lists the directory is closed by now.
      return []
    }
  })
}

/** Field 19 of proc_pid_stat(5), counted after the name, which may have spaces. */
function niceness(file: string): number {
  const stat = readFileSync(file, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])
}
