import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { contactSheet } from '../../scripts/contact-sheet.ts'
import { encodeGif } from '../support/oddities/gif.ts'
import { encode, photo, truncated } from '../support/pictures.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'halftone-pictures-test-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

interface Ended {
  readonly code: number | string
  readonly output: string
}

function run(args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', 'scripts/pictures.ts', ...args], (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, output: `${stdout}${stderr}` }),
    )
  })
}

test('a folder becomes one page with every answer; what is refused is no failure', async () => {
  const folder = join(directory, 'folder')
  await mkdir(join(folder, 'inside'), { recursive: true })
  const frames = [0, 1].map((index) => ({ width: 8, height: 8, indexAt: () => index, delayMs: 100 }))
  const palette = [[200, 0, 0] as const, [0, 0, 200] as const]
  await writeFile(join(folder, 'moving.gif'), encodeGif({ width: 8, height: 8, palette, frames }))
  await writeFile(join(folder, 'still & plain.jpg'), await encode(photo(64, 48), 'jpg'))
  await writeFile(join(folder, 'cut.png'), truncated(await encode(photo(64, 48), 'png')))
  await writeFile(join(folder, 'notes.txt'), 'no picture')

  const out = join(directory, 'sheet.html')
  const { code, output } = await run([folder, '--out', out])
  expect(output).toContain('2 of 4 files shown as asked for')
  expect(output).toMatch(/415 {2}cut\.png: The picture is broken/)
  expect(output).toMatch(/415 {2}notes\.txt: The source is no picture/)
  expect(code).toBe(0)

  const page = await readFile(out, 'utf8')
  const shown = [...page.matchAll(/data:(image\/[a-z]+);base64/g)].map(([, type]) => type)
  expect(shown.filter((type) => type === 'image/gif')).toHaveLength(1)
  expect(shown.filter((type) => type === 'image/avif')).toHaveLength(2)
  expect(page).toContain('still &amp; plain.jpg')
  expect(page).toMatch(/320\.webp: 415<br>The picture is broken/)
})

test('without a folder it says how it is called', async () => {
  const { code, output } = await run([])
  expect(code).toBe(2)
  expect(output).toContain('npm run pictures -- DIR [--out FILE]')
})

test('what files and refusals are called is text, not markup', () => {
  const body = Buffer.alloc(0)
  const shot = { variant: '320.webp', status: 415, contentType: '', body, detail: '<b>"no"</b>', ms: 1 }
  const page = contactSheet('a<b', [{ name: '<script>', bytes: 1, shots: [shot] }])
  expect(page).not.toContain('<script>')
  expect(page).not.toContain('<b>')
})
