import { createServer, type Server } from 'node:http'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { warm as warmCommand, type WarmChoices } from '../../src/commands/warm.ts'
import { ConfigError, parseConfig } from '../../src/config.ts'
import { listen } from '../support/listen.ts'
import { putItem, putProfile } from '../support/library.ts'
import { environmentOf, openOrigin, runProgram, serve, type Served } from '../support/program.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'
import { logFile, logLine } from '../traffic/log-lines.ts'

let origin: RunningOrigin
let environment: Record<string, string>
let gateway: Served
let directory: string

beforeAll(async () => {
  origin = await startOrigin()
  directory = await mkdtemp(join(tmpdir(), 'halftone-warm-'))
  environment = { ...environmentOf(origin), HALFTONE_WORKERS: '1', HALFTONE_ITEM_PHOTO_PRESETS: 'thumbnail' }
  const store = openOrigin(origin)
  await putItem(store, '7', ['#ff0000', '#00ff00'])
  await putProfile(store, 'ana', '#0000ff')
  const lines = [
    ...Array.from({ length: 3 }, () => logLine({ 'cs-uri-stem': '/img/items/7/640.webp' })),
    ...Array.from({ length: 2 }, () => logLine({ 'cs-uri-stem': '/img/profiles/ana/320.webp' })),
    logLine({ 'cs-uri-stem': '/img/items/7/16.webp' }),
    logLine({ 'cs-uri-stem': '/about.html' }),
  ]
  await store.put('logs/cdn/E1.2026-11-22-12.abc.gz', gzipSync(logFile(lines)), {
    contentType: 'application/gzip',
  })
  store.close()
  gateway = await serve(environment)
})
afterAll(async () => {
  gateway.kill('SIGTERM')
  await gateway.ended
  await origin.stop()
  await rm(directory, { recursive: true })
})

/** The exit code and the output of `halftone warm`, at the gateway unless another address is given. */
async function warm(...args: string[]) {
  const url = args.includes('--url') ? [] : ['--url', gateway.url]
  const run = runProgram(['warm', ...args, ...url], environment)
  return { code: await run.ended, output: run.output.join('\n') }
}

/** A server in front of nothing: it answers what it is told to, and remembers what it was asked. */
async function openEdge(answer: (target: string, count: number) => number) {
  const asked: string[] = []
  const server: Server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(answer(request.url ?? '', asked.length), {
      'x-cache': 'Miss from cloudfront',
      'retry-after': '0',
    })
    response.end('picture')
  })
  const url = await listen(server)
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { asked, url, close }
}

describe('requirements: CDN – warming of popular pictures', () => {
  test('of the whole library renders what is missing, and finds it there the next time', async () => {
    const first = await warm('--all')
    expect(first.output).toMatch(/^6 pictures warm at http:.*answered by: .*render \d/m)
    expect(first.code).toBe(0)
    const again = await warm('--all')
    expect(again.output).toMatch(/^6 pictures warm at .*answered by: memory 6$/m)
    // An item's cover and its first photo are two paths with one picture.
    const store = openOrigin(origin)
    const variants = []
    for await (const { key } of store.list('img/')) variants.push(key)
    store.close()
    expect(variants.filter((key) => key.startsWith('img/items/7/'))).toHaveLength(2)
  })

  test('of what logs in a bucket name most', async () => {
    const { output, code } = await warm('--from-logs', `s3://${origin.bucket}/logs/`, '--top', '2')
    expect(output).toMatch(/^2 pictures warm/m)
    expect(code).toBe(0)
    const again = await warm('/img/items/7/640.webp', '/img/profiles/ana/320.webp')
    expect(again.output).toMatch(/answered by: memory 2$/m)
  })

  test('of a list says what failed, and what is not there', async () => {
    const list = join(directory, 'list.txt')
    await writeFile(list, 'items/7\n\n/img/items/none/800.webp\nphotos/none.jpg\n/img/items/7/790.webp\n')
    const { output, code } = await warm('--file', list, '--sizes', '320', '--formats', 'webp,avif')
    expect(output).toMatch(/^3 pictures warm/m)
    expect(output).toMatch(/^3 are not there, or not for everybody$/m)
    expect(code).toBe(0)
  })

  test('goes on where it was cut short, and begins anew when it was done', async () => {
    const state = join(directory, 'state')
    const names = Array.from({ length: 30 }, (_, index) => `items/${index}`)
    const list = join(directory, 'many.txt')
    await writeFile(list, names.join('\n'))
    const args = ['--file', list, '--sizes', '320', '--lanes', '2', '--state', state]
    // From the twentieth on it is told to come later, for as long as it lives.
    const edge = await openEdge((_, count) => (count < 20 ? 200 : 503))
    const run = runProgram(['warm', ...args, '--url', edge.url], environment)
    while (edge.asked.length < 21) await new Promise(setImmediate)
    run.kill('SIGKILL')
    await run.ended
    edge.close()
    const done = (await readFile(state, 'utf8')).split('\n').slice(1, -1)
    expect(done.length).toBeGreaterThanOrEqual(17)

    const calm = await openEdge(() => 200)
    const other = await warm(...args, '--url', calm.url)
    // The address is another one: what was warmed there is not warm here.
    expect(other).toMatchObject({ code: 78, output: expect.stringContaining('remove it') })
    calm.close()
  })

  test('leaves out what is done, and forgets that when all of it is', async () => {
    const state = join(directory, 'rest')
    const edge = await openEdge((target) => (target.includes('items/3') && broken ? 500 : 200))
    let broken = true
    const args = ['items/1', 'items/2', 'items/3', '--sizes', '320', '--state', state, '--url', edge.url]
    const first = await warm(...args)
    expect(first).toMatchObject({
      code: 1,
      output: expect.stringMatching(/items\/3\/320\.webp: answered 500[^]*1 failed/),
    })
    expect(edge.asked.splice(0)).toHaveLength(3)
    broken = false
    const next = await warm(...args)
    expect(next.code).toBe(0)
    expect(edge.asked).toEqual(['/img/items/3/320.webp'])
    expect(existsSync(state)).toBe(false)
    edge.close()
  })

  const DEFAULTS = { formats: ['webp'], top: 10, lanes: 1 }

  test.each<[readonly string[], Partial<WarmChoices>, RegExp]>([
    [[], {}, /name paths/],
    [['items//7'], {}, /"items\/\/7"/],
    [['items/7'], { sizes: ['huge'] }, /size/],
    [['items/7'], { url: 'ftp://cdn.example' }, /--url/],
    [['items/7'], { originSecret: true }, /HALFTONE_ORIGIN_SECRETS/],
    [[], { file: '/nowhere/list' }, /cannot be read/],
    [[], { fromLogs: ['/nowhere/logs'] }, /cannot be read/],
    [[], { fromLogs: ['s3:/logs'] }, /s3:\/\/bucket\/prefix/],
  ])('is refused where it makes no sense: %j %j', async (paths, choices, message) => {
    const warming = warmCommand(parseConfig(environment), paths, { ...DEFAULTS, ...choices })
    await expect(warming).rejects.toThrow(ConfigError)
    await expect(warming).rejects.toThrow(message)
  })
})

describe('requirements: CDN – hit ratio and edge seen', () => {
  async function stats(...args: string[]) {
    const run = runProgram(['stats', 'cdn', ...args], environment)
    const code = await run.ended
    return { code, output: run.output.join('\n') }
  }

  test('is printed for the logs in a bucket and the counters of gateways', async () => {
    const places = ['--logs', `s3://${origin.bucket}/logs/`, '--metrics', gateway.adminUrl]
    const { output, code } = await stats(...places)
    expect(output).toMatch(
      /^The edge: 7 requests in 1 files, 2026-11-22 12:00:00 to 2026-11-22 12:00:00 UTC; 0 lines/m,
    )
    expect(output).toMatch(/^Hit ratio 100\.0 %/m)
    expect(output).toMatch(/^FRA56-P4 +7 +100\.0 %/m)
    expect(output).toMatch(/^items\/7 +4$/m)
    expect(output).toMatch(/^Estimate, not a bill: 0\.00 USD/m)
    expect(output).toMatch(/^The gateways: \d+ pictures from 1 of them/m)
    expect(output).toMatch(/^render +\d+ +\d+\.\d %$/m)
    expect(code).toBe(0)
    const json = await stats('--json', ...places)
    expect(JSON.parse(json.output)).toMatchObject({
      edge: { traffic: { requests: 7, hitRatio: 1 }, reading: { files: 1, unreadable: 0 } },
      gateways: { layers: { memory: expect.any(Number), render: expect.any(Number) } },
    })
  })

  test('takes the prices that it is given, and says what it could not read', async () => {
    const folder = await mkdtemp(join(directory, 'logs-'))
    await writeFile(join(folder, 'a'), logFile([logLine({ 'sc-bytes': String(2 ** 30) })]))
    await writeFile(join(folder, 'b.gz'), gzipSync(logFile([logLine()])).subarray(0, 30))
    const prices = join(directory, 'prices.json')
    const table = { name: 'ours', currency: 'EUR', perGb: 2, perTenThousandRequests: 10_000 }
    await writeFile(prices, JSON.stringify(table))
    const { output, code } = await stats(
      '--logs',
      folder,
      '--metrics',
      'http://127.0.0.1:9',
      '--prices',
      prices,
    )
    expect(output).toContain('3.00 EUR for these requests (transfer 2.00 EUR, requests 1.00 EUR)')
    expect(output).toMatch(/b\.gz: .*end of file/)
    expect(output).toMatch(/^http:\/\/127\.0\.0\.1:9\/metrics: /m)
    expect(code).toBe(1)
    await writeFile(prices, '{}')
    expect(await stats('--logs', folder, '--prices', prices)).toMatchObject({ code: 78 })
    expect(await stats()).toMatchObject({ code: 78, output: expect.stringContaining('--logs') })
  })
})
