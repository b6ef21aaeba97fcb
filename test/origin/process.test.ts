import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type RawAnswer, sendSigned } from './signed-request.ts'
import { ACCESS_KEY, BUCKET, SECRET, temporaryDirectory } from './start-test-origin.ts'

type Child = ChildProcessByStdio<Writable, Readable, Readable>

interface Listening {
  readonly url: string
  readonly credentialsFile?: string
}

describe('the program', () => {
  test('says where it listens in one line, and exits with 0 when told to stop', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const directory = temporaryDirectory()
      const child = start({ ORIGIN_DIR: directory })
      const { url } = await listening(child)
      expect((await put(url, 'a', 'body')).status).toBe(200)
      expect(await (await fetch(`${url}/-/metrics`)).text()).toMatch(/^process_resident_memory_bytes \d+$/m)
      child.kill(signal)
      expect(await once(child, 'exit')).toEqual([0, null])
    }
  })

  test('stops when its stdin ends, if told so', async () => {
    const child = start({ ORIGIN_DIR: temporaryDirectory(), ORIGIN_STOP_WITH_STDIN: '1' })
    await listening(child)
    child.stdin.end()
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  test('makes credentials once, keeps them to its owner, and prints their place', async () => {
    const directory = temporaryDirectory()
    const texts: string[] = []
    for (let run = 0; run < 2; run += 1) {
      const child = start({ ORIGIN_DIR: directory, ORIGIN_CREDENTIALS: '' })
      const printed = await firstLine(child)
      const { url, credentialsFile = '' }: Listening = JSON.parse(printed)
      expect(credentialsFile).toBe(join(directory, 'credentials'))
      expect(statSync(credentialsFile).mode & 0o777).toBe(0o600)
      const text = readFileSync(credentialsFile, 'utf8').trim()
      texts.push(text)
      const [accessKey = '', secret = ''] = text.split(':')
      expect(printed).not.toContain(secret)
      expect((await sendSigned({ url, path: '/', accessKey, secret })).status).toBe(200)
      child.kill()
      await once(child, 'exit')
    }
    expect(texts[0]).toBe(texts[1])
  })

  test('exits with 78 and all faults of its environment', async () => {
    const child = start({ ORIGIN_PORT: 'x', ORIGIN_LOG: 'x' })
    const [errors, exit] = await Promise.all([text(child.stderr), once(child, 'exit')])
    expect(exit).toEqual([78, null])
    expect(errors).toMatch(/ORIGIN_PORT[^]*ORIGIN_LOG/)
  })

  test('exits with 1 when another process owns the directory', async () => {
    const directory = temporaryDirectory()
    const first = start({ ORIGIN_DIR: directory })
    await listening(first)
    const second = start({ ORIGIN_DIR: directory })
    const [errors, exit] = await Promise.all([text(second.stderr), once(second, 'exit')])
    expect(exit).toEqual([1, null])
    expect(errors).toContain(`in use by process ${first.pid}`)
  })
})

async function put(
  url: string,
  key: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<RawAnswer> {
  return sendSigned({ url, method: 'PUT', path: `/${BUCKET}/${key}`, body, headers })
}

function start(environment: Record<string, string>): Child {
  const child = spawn(process.execPath, ['dist/origin/main.js'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      ORIGIN_PORT: '0',
      ORIGIN_CREDENTIALS: `${ACCESS_KEY}:${SECRET}`,
      ORIGIN_BUCKETS: BUCKET,
      ORIGIN_LOG: 'requests',
      ...environment,
    },
  })
  child.stdin.on('error', () => undefined)
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

async function listening(child: Child): Promise<Listening> {
  const line: Listening & { msg: string } = JSON.parse(await firstLine(child))
  expect(line.msg).toBe('origin listening')
  return line
}

async function firstLine(child: Child): Promise<string> {
  const [first] = await once(child.stdout, 'data')
  return String(first).trim()
}

async function text(stream: Readable): Promise<string> {
  const pieces: string[] = []
  for await (const piece of stream) pieces.push(String(piece))
  return pieces.join('')
}
