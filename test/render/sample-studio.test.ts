import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { paintSamples } from '../../src/render/sample-studio.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'halftone-studio-'))
})
afterAll(() => rm(directory, { recursive: true }))

/** A painter of one line: the studio's side is what is tested, the real painter has its own tests. */
async function studio(source: string) {
  const painterFile = join(directory, `${Math.random().toString(36).slice(2)}.mjs`)
  await writeFile(painterFile, source)
  return { painterFile, painters: 2, environment: {} }
}

test('every sample is handed over once, by several painters', async () => {
  const options = await studio(
    `process.on('message', (name) => process.send({ name, bytes: new Uint8Array([name.length]) }))`,
  )
  const names = Array.from({ length: 20 }, (_, index) => 'x'.repeat(index + 1))
  const seen: string[] = []
  await paintSamples(names, options, async (name, bytes) => {
    expect([...bytes]).toEqual([name.length])
    seen.push(name)
  })
  expect(seen.toSorted()).toEqual(names.toSorted())
})

test.each([
  ['ends', `process.on('message', () => process.exit(3))`, /ended with 3/],
  ['says that it cannot', `process.on('message', (name) => process.send({ name, error: 'no' }))`, /bytes/],
])('a painter that %s fails the whole', async (_, source, message) => {
  await expect(paintSamples(['a', 'b'], await studio(source), async () => {})).rejects.toThrow(message)
})
