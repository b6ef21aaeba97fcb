import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { alphaAt, distance, pixelAt } from '../pixels/pixels.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { ask, pixelsOf, putSource, shown } from '../support/oddities/ask.ts'
import { type Colour, encode, paint } from '../support/pictures.ts'

const RED: Colour = [230, 20, 20]
const BLUE: Colour = [20, 40, 220]

let gateway: TestGateway
let directory: string
let server: Server
let port = 0
/** What was asked of the server that the SVGs refer to. */
const requests: string[] = []

beforeAll(async () => {
  gateway = await createTestGateway({
    environment: { HALFTONE_SIZES: 'any', HALFTONE_RENDER_TIMEOUT_MS: '4000' },
  })
  directory = await mkdtemp(join(tmpdir(), 'halftone-svg-'))
  const red = await encode(
    paint(64, 48, () => RED),
    'png',
  )
  await writeFile(join(directory, 'red.png'), red)
  await writeFile(join(directory, 'red.svg'), svg('<rect id="r" width="64" height="48" fill="#e61414"/>'))
  await writeFile(join(directory, 'colour.txt'), '#e61414')
  server = createServer((request, response) => {
    requests.push(request.url ?? '')
    response.setHeader('content-type', 'image/png')
    response.end(red)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  port = typeof address === 'object' ? (address?.port ?? 0) : 0
})
afterAll(async () => {
  await gateway.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rm(directory, { recursive: true, force: true })
})

const NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'

const svg = (content: string, sides = 'width="64" height="48"') =>
  Buffer.from(`<svg ${NAMESPACES} ${sides}>${content}</svg>`)

/** A blue picture, with something over it that must not be seen. */
const onBlue = (content: string) => svg(`<rect width="64" height="48" fill="#1428dc"/>${content}`)

/** Where a reference leads: the file or the server that has something red. */
const places = () => ({
  file: `file://${directory}/red.png`,
  path: `${directory}/red.png`,
  drawing: `file://${directory}/red.svg`,
  http: `http://127.0.0.1:${port}/red.png`,
})

/** Every way in which an SVG can point outside of itself. */
const REFERENCES: readonly (readonly [string, (where: ReturnType<typeof places>) => Buffer])[] = [
  ['an image by HTTP', ({ http }) => onBlue(`<image href="${http}" width="64" height="48"/>`)],
  ['an image by XLink', ({ http }) => onBlue(`<image xlink:href="${http}" width="64" height="48"/>`)],
  ['an image by file:', ({ file }) => onBlue(`<image href="${file}" width="64" height="48"/>`)],
  ['an image by its path', ({ path }) => onBlue(`<image href="${path}" width="64" height="48"/>`)],
  ['a drawing to be used', ({ drawing }) => onBlue(`<use href="${drawing}#r"/>`)],
  [
    'a filter',
    ({ http }) =>
      onBlue(
        `<filter id="f"><feImage href="${http}"/></filter><rect width="64" height="48" filter="url(#f)" fill="none"/>`,
      ),
  ],
  ['a style sheet', ({ http }) => onBlue(`<style>@import url("${http}"); rect { fill: #1428dc }</style>`)],
  [
    'a style sheet by its instruction',
    ({ http }) => Buffer.from(`<?xml-stylesheet href="${http}" type="text/css"?>${onBlue('').toString()}`),
  ],
  [
    'a font',
    ({ http }) =>
      onBlue(
        `<style>@font-face { font-family: a; src: url("${http}") }</style><text font-family="a"> </text>`,
      ),
  ],
  ['a paint', ({ drawing }) => onBlue(`<rect width="64" height="48" fill="url(${drawing}#r) none"/>`)],
  [
    'a drawing in a data: URL that points on',
    ({ file }) => {
      const inner = svg(`<image href="${file}" width="64" height="48"/>`).toString('base64')
      return onBlue(`<image href="data:image/svg+xml;base64,${inner}" width="64" height="48"/>`)
    },
  ],
  [
    'XInclude',
    ({ path }) =>
      onBlue(`<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="${path.replace('png', 'svg')}"/>`),
  ],
  ['a document type', ({ http }) => Buffer.from(`<!DOCTYPE svg SYSTEM "${http}">${onBlue('').toString()}`)],
]

test.each(REFERENCES)('%s is not followed', async (_, make) => {
  const picture = await shown(gateway, make(places()), '64.png')
  expect(distance(pixelAt(picture, 32, 24), BLUE)).toBeLessThan(4)
  expect(requests).toEqual([])
})

test.each([
  ['of a file', () => `<!DOCTYPE svg [<!ENTITY c SYSTEM "file://${directory}/colour.txt">]>`],
  ['of a server', () => `<!DOCTYPE svg [<!ENTITY c SYSTEM "${places().http}">]>`],
  [
    'by a parameter',
    () => `<!DOCTYPE svg [<!ENTITY % p SYSTEM "${places().http}"> %p; <!ENTITY c "#e61414">]>`,
  ],
  ['that grow without end', () => billionLaughs()],
])('entities %s: refused at once, and the message says so', async (_, prolog) => {
  const file = Buffer.from(`${prolog()}${onBlue('<rect width="64" height="48" fill="&c;"/>').toString()}`)
  const answer = await ask(gateway, await putSource(gateway, file, 'svg'), '64.png')
  expect(answer.status).toBe(415)
  expect(answer.detail).toMatch(/entit/i)
  expect(requests).toEqual([])
})

/** Ten entities, each ten times the one before: ten billion of the first. */
function billionLaughs(): string {
  const levels = Array.from({ length: 10 }, (_, level) => {
    const before = level === 0 ? 'ha' : `&l${level - 1};`.repeat(10)
    return `<!ENTITY l${level} "${before}">`
  })
  return `<!DOCTYPE svg [${levels.join('')}<!ENTITY c "&l9;">]>`
}

test.each([
  ['a script', `<script>document.documentElement.setAttribute('fill', 'red')</script>`],
  ['an event', `<g onload="document.rootElement.remove()"/>`],
  [
    'HTML',
    `<foreignObject width="64" height="48"><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject>`,
  ],
])('%s in an SVG does nothing', async (_, content) => {
  const picture = await shown(gateway, onBlue(content), '64.png')
  expect(distance(pixelAt(picture, 32, 24), BLUE)).toBeLessThan(4)
})

describe('sides', () => {
  const disc = (sides: string) => svg('<circle cx="32" cy="24" r="20" fill="#e61414"/>', sides)

  test('are those that are asked for: a drawing is drawn, not enlarged', async () => {
    const picture = await shown(gateway, disc('width="64" height="48" viewBox="0 0 64 48"'), '640.png')
    expect([picture.width, picture.height]).toEqual([640, 480])
    // Its edge is as sharp as at any size: of a row through the middle only two pixels or so are in between.
    const between = Array.from({ length: 640 }, (_, x) => alphaAt(picture, x, 240)).filter(
      (alpha) => alpha > 8 && alpha < 247,
    )
    expect(between.length).toBeLessThanOrEqual(6)
    expect(distance(pixelAt(picture, 320, 240), RED)).toBeLessThan(4)
    expect(alphaAt(picture, 2, 2)).toBe(0)
  })

  test.each([
    ['from a viewBox alone', 'viewBox="0 0 64 48"'],
    ['in millimetres', 'width="64mm" height="48mm" viewBox="0 0 64 48"'],
    ['of which one is missing', 'width="64" viewBox="0 0 64 48"'],
    ['in per cent', 'width="100%" height="100%" viewBox="0 0 64 48"'],
  ])('%s keep their ratio', async (_, sides) => {
    const picture = await shown(gateway, disc(sides), '160.png')
    expect([picture.width, picture.height]).toEqual([160, 120])
    expect(distance(pixelAt(picture, 80, 60), RED)).toBeLessThan(4)
    expect(alphaAt(picture, 2, 2)).toBe(0)
  })

  test.each([
    ['beyond all reason', 'width="1000000000" height="1000000000"'],
    ['one of them', 'width="1000000000" height="10"'],
    ['by a unit', 'width="99999in" height="99999in"'],
    ['by the viewBox', 'viewBox="0 0 1000000000 1000000000"'],
    ['zero', 'width="0" height="0"'],
    ['zero by the viewBox', 'viewBox="0 0 0 0"'],
    ['negative', 'width="-64" height="-48"'],
    ['no numbers', 'width="NaN" height="x"'],
  ])('%s: refused, or drawn at what was asked', async (_, sides) => {
    const file = svg('<rect width="64" height="48" fill="#e61414"/>', sides)
    const answer = await ask(gateway, await putSource(gateway, file, 'svg'), '64.png')
    expect([200, 415]).toContain(answer.status)
    const isRight = answer.status === 200 && (await pixelsOf(answer.bytes)).width === 64
    expect(isRight || /picture|side|pixel/i.test(answer.detail ?? '')).toBe(true)
  })

  test('without any are those of the drawing', async () => {
    const picture = await shown(gateway, svg('<rect width="64" height="48" fill="#e61414"/>', ''), '160.png')
    expect([picture.width, picture.height]).toEqual([160, 120])
  })
})

test.each([
  ['groups in groups', `${'<g>'.repeat(20_000)}${'</g>'.repeat(20_000)}`],
  [
    'uses of uses',
    `<defs><g id="u0"><rect width="1" height="1"/></g>${Array.from({ length: 20 }, (_, n) => `<g id="u${n + 1}">${`<use href="#u${n}"/>`.repeat(10)}</g>`).join('')}</defs><use href="#u20"/>`,
  ],
  [
    'a pattern that refers to itself',
    '<pattern id="p"><rect fill="url(#p)"/></pattern><rect fill="url(#p)" width="9" height="9"/>',
  ],
  [
    'a blur without end',
    '<filter id="f"><feGaussianBlur stdDeviation="1e9"/></filter><rect width="64" height="48" filter="url(#f)"/>',
  ],
])('%s: a picture or a refusal, never a fault', async (_, content) => {
  const answer = await ask(gateway, await putSource(gateway, onBlue(content), 'svg'), '64.png')
  expect([200, 415]).toContain(answer.status)
  expect(answer.status === 200 || answer.detail !== undefined).toBe(true)
})
