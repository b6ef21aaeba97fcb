import { spawn } from 'node:child_process'
import { on, once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { afterEach, expect, test } from 'vitest'
import { createCloudFrontApi } from '../../src/purging/cloudfront-api.ts'
import { CREDENTIALS, DISTRIBUTION } from '../support/edge/cloudfront-api.ts'
import { LOG_FIELDS } from '../support/edge/logs.ts'

const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

/** A server that answers everything with its path, to be kept for an hour; says how often it was asked. */
async function startOrigin() {
  let asked = 0
  const server = createServer((incoming, outgoing) => {
    asked++
    outgoing.writeHead(200, { 'cache-control': 'max-age=3600', 'x-amz-meta-cache-tag': 'item:42' })
    outgoing.end(incoming.url)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`, asked: () => asked }
}

/** `npm run edge` on free ports, with what it says. */
function startProgram(environment: Record<string, string>) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/support/edge/main.ts'], {
    env: { PATH: process.env['PATH'], EDGE_PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  ends.push(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return { lines: createInterface(child.stdout), ended, stop: () => child.kill('SIGTERM') }
}

/** The addresses of the locations and of the API, and all that is said from then on. */
async function readAddresses(lines: Interface): Promise<{ urls: string[]; said: string[] }> {
  const urls: string[] = []
  const said: string[] = []
  lines.on('line', (line) => said.push(line))
  for await (const [line] of on(lines, 'line', { close: ['close'] })) {
    const [url] = /http:\/\/127\S+$/.exec(line) ?? []
    if (url !== undefined && line.startsWith('  ')) urls.push(url)
    if (line.includes('HALFTONE_CLOUDFRONT_ACCESS_KEY_ID')) break
  }
  return { urls, said }
}

test('npm run edge: two locations, an API that purges them, and a log', async () => {
  const origin = await startOrigin()
  const dir = mkdtempSync(join(tmpdir(), 'halftone-edge-'))
  ends.push(() => rmSync(dir, { recursive: true }))
  const log = join(dir, 'edge.log')
  const program = startProgram({ EDGE_ORIGIN: origin.url, EDGE_LOG: log })
  const { urls, said } = await readAddresses(program.lines)
  const [frankfurt = '', ashburn = '', endpoint = ''] = urls
  const look = async (location: string) => {
    const answer = await fetch(`${location}/img/items/42/800.webp`)
    return [answer.headers.get('x-cache'), await answer.text()]
  }

  expect(await look(frankfurt)).toEqual(['Miss from cloudfront', '/img/items/42/800.webp'])
  expect(await look(frankfurt)).toEqual(['Hit from cloudfront', '/img/items/42/800.webp'])
  await look(ashburn)
  expect(origin.asked()).toBe(1)
  const api = createCloudFrontApi({
    distributionId: DISTRIBUTION,
    endpoint,
    timeoutMs: 10_000,
    credentials: CREDENTIALS,
  })
  ends.push(() => api.close())
  await api.invalidate('reference', ['#item:42'])
  expect(await look(ashburn)).toEqual(['Miss from cloudfront', '/img/items/42/800.webp'])
  expect(origin.asked()).toBe(2)

  program.stop()
  expect(await program.ended).toEqual([0, null])
  expect(said).toContain('invalidated #item:42')
  expect(said).toContain('FRA56-P1 200 Hit from cloudfront GET /img/items/42/800.webp')
  const [, , ...views] = readFileSync(log, 'utf8').trimEnd().split('\n')
  const at = LOG_FIELDS.indexOf('x-edge-detailed-result-type')
  expect(views.map((line) => line.split('\t')[at])).toEqual(['Miss', 'Hit', 'OriginShieldHit', 'Miss'])
})
