import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signTarget } from '../src/index.ts'
import { plainJpeg } from './support/library.ts'
import { environmentOf, openOrigin } from './support/program.ts'
import { type RunningOrigin, startOrigin } from './support/s3-server.ts'

const run = promisify(execFile)
const KEY = 'a key to sign sizes with'

let origin: RunningOrigin

beforeAll(async () => {
  origin = await startOrigin()
  const bucket = openOrigin(origin)
  await bucket.put('photos/a.jpg', await plainJpeg('#ff0000'), { contentType: 'image/jpeg' })
  bucket.close()
})
afterAll(() => origin.stop())

/** A program that imports the package by its name; answers with what it prints, when it has ended by itself. */
async function runImporting(program: string, environment: Record<string, string>): Promise<string> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], {
    env: {
      PATH: process.env['PATH'],
      ...environmentOf(origin),
      HALFTONE_LOG_LEVEL: 'silent',
      ...environment,
    },
  })
  return stdout
}

describe('signTarget', () => {
  test.each(['items/42/801.webp', '/img/items/42/801.webp?x=1', '/img/a.jpg#b', '/simg/x/items/42/801.webp'])(
    'signs no %s',
    (target) => expect(() => signTarget(target, KEY)).toThrow(RangeError),
  )
})

describe('as a package: types exported', () => {
  test('a gateway inside a program serves a size that is signed, and ends', async () => {
    const program = `
      import { signTarget, startGateway } from 'halftone'
      const gateway = await startGateway(process.env)
      for (const key of ['${KEY}', 'a key of somebody else']) {
        const answer = await fetch(gateway.url + signTarget('/img/photos/a.jpg/33.webp', key))
        await answer.arrayBuffer()
        console.log(answer.status)
      }
      console.log((await fetch(gateway.adminUrl + '/livez')).status)
      await gateway.close()`
    const printed = await runImporting(program, { HALFTONE_SIZES: 'signed', HALFTONE_SIGNING_KEYS: KEY })
    expect(printed).toBe('200\n403\n200\n')
  })

  test('a gateway inside a program asks the detector that the program brings', async () => {
    const program = `
      import { startGateway } from 'halftone'
      const find = async (picture) => console.log(picture.length > 0)
      const gateway = await startGateway(process.env, { faceDetector: { find } })
      const answer = await fetch(gateway.url + '/cdn-cgi/image/w=32,h=32,fit=cover,g=face,f=webp/photos/a.jpg')
      await answer.arrayBuffer()
      console.log(answer.status, answer.headers.get('warning'))
      await gateway.close()`
    expect(await runImporting(program, {})).toBe('true\n200 null\n')
  })

  test('a configuration that is not right is told whole, and nothing is left running', async () => {
    const program = `
      import { startGateway } from 'halftone'
      await startGateway({ PORT: 'x', HALFTONE_SIZES: 'y' }).catch((error) => console.log(error.name, error.message))`
    expect(await runImporting(program, {})).toMatch(/^ConfigError PORT="x"[^]*HALFTONE_SIZES="y"/)
  })

  test('a port that is taken ends what was begun', async () => {
    const program = `
      import { startGateway } from 'halftone'
      await startGateway(process.env).catch((error) => console.log(error.name, error.message))`
    const port = new URL(origin.url).port
    expect(await runImporting(program, { PORT: port })).toMatch(
      new RegExp(`^ConfigError PORT=${port}: cannot`),
    )
  })
})
