import { createServer } from 'node:http'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { freePort } from '../../scripts/foreign/free-port.ts'
import { runningId, startInBackground, stopInBackground } from '../../scripts/storage/background.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'halftone-background-'))
})
afterEach(async () => {
  await stopInBackground({ name: 'server', directory })
  rmSync(directory, { recursive: true })
})

/** A program that answers 200, whose file lies in the directory as those of real ones do. */
function program(text: string) {
  const file = join(directory, 'server.mjs')
  writeFileSync(file, text)
  return { command: [process.execPath, file], env: {} } as const
}

const serving = (port: number) =>
  program(`import { createServer } from 'node:http'
createServer((_, answer) => answer.end()).listen(${port}, '127.0.0.1')`)

const background = () => ({ name: 'server', directory })

test('a program answers when it is started, and is gone when it is stopped', async () => {
  const port = await freePort()
  await startInBackground(background(), serving(port), `http://127.0.0.1:${port}/`)
  expect(runningId(background())).toBeGreaterThan(0)
  expect(await stopInBackground(background())).toBe(true)
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow('fetch failed')
  expect(await stopInBackground(background())).toBe(false)
})

test('a program that ends at once is told with what it said', async () => {
  const failing = program(`console.error('no such module'); process.exit(3)`)
  const url = `http://127.0.0.1:${await freePort()}/`
  await expect(startInBackground(background(), failing, url)).rejects.toThrow(
    /ended at once, with 3\nno such module/,
  )
  expect(existsSync(join(directory, 'server.pid'))).toBe(false)
})

test('a port where something else answers is named, and nothing is started', async () => {
  const port = await freePort()
  const other = createServer((_, answer) => answer.end())
  await once(other.listen(port, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${port}/`
  await expect(startInBackground(background(), serving(port), url)).rejects.toThrow(
    `something else answers at ${url}`,
  )
  other.close()
})

test('an id that has become that of another program is left alone', async () => {
  writeFileSync(join(directory, 'server.pid'), `${process.pid}\n`)
  expect(runningId(background())).toBeUndefined()
  expect(await stopInBackground(background())).toBe(false)
})
