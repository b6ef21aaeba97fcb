import { gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cleanDrawing } from '../../src/drawing/clean-drawing.ts'
import { GatewayError } from '../../src/errors.ts'

const svg = (content: string) => `<svg xmlns="http://www.w3.org/2000/svg">${content}</svg>`
const DRAWN = svg('<rect width="9" height="9" fill="red"/>')

const clean = async (file: string | Uint8Array, maxBytes?: number) =>
  (await cleanDrawing(Buffer.from(file), maxBytes)).toString()

async function refused(file: string | Uint8Array, maxBytes?: number): Promise<string> {
  const error: unknown = await clean(file, maxBytes).then(
    () => undefined,
    (error: unknown) => error,
  )
  if (error instanceof GatewayError) return `${error.code}: ${error.message}`
  throw new Error('It was not refused', { cause: error })
}

describe('what is read', () => {
  test.each<[string, () => Uint8Array]>([
    ['UTF-8 with a mark', () => Buffer.from(`\uFEFF${DRAWN}`)],
    ['UTF-16, little end first', () => Buffer.from(`\uFEFF${DRAWN}`, 'utf16le')],
    ['UTF-16, big end first', () => Buffer.from(`\uFEFF${DRAWN}`, 'utf16le').swap16()],
    ['UTF-16 without a mark', () => Buffer.from(DRAWN, 'utf16le')],
    ['ISO-8859-1', () => Buffer.from(`<?xml version="1.0" encoding="iso-8859-1"?>${DRAWN}`, 'latin1')],
    ['gzip', () => gzipSync(DRAWN)],
    [
      'a document type',
      () => Buffer.from(`<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd">${DRAWN}`),
    ],
    [
      'other namespaces, prefixes and comments',
      () =>
        Buffer.from(
          `<!-- a --><s:svg xmlns:s="http://www.w3.org/2000/svg" xmlns:x="urn:x" x:a="b"><x:g><s:path/></x:g><s:rect width="9" height="9" fill="red"/></s:svg>`,
        ),
    ],
  ])('%s', async (_, file) => {
    expect(await clean(file())).toBe(
      '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><rect width="9" height="9" fill="red"/></svg>',
    )
  })

  test('letters beyond ASCII, as UTF-8', async () => {
    const latin = Buffer.from(
      `<?xml version="1.0" encoding="ISO-8859-1"?>${svg('<text>\u00e9\u00fc</text>')}`,
      'latin1',
    )
    expect(await clean(latin)).toContain('<text>\u00e9\u00fc</text>')
    expect(await clean(svg('<text>\u{1F600}&#x1F600;</text>'))).toContain('<text>\u{1F600}\u{1F600}</text>')
  })
})

describe('what is refused, in words', () => {
  test.each([
    ['', /^source_broken/],
    ['no markup', /^source_broken: The SVG is not well formed/],
    ['<svg xmlns="http://www.w3.org/2000/svg">', /^source_broken: .*unclosed/],
    ['<svg xmlns="http://www.w3.org/2000/svg"><a></svg>', /^source_broken/],
    [svg('<a x="1" x="2"/>'), /^source_broken: .*duplicate attribute/],
    [svg('<a y:x="1"/>'), /^source_broken: .*unbound namespace prefix/],
    [svg('<text>&nbsp;</text>'), /^source_broken: .*undefined entity/],
    [svg('<text>&#0;</text>'), /^source_broken/],
    [`${DRAWN}${DRAWN}`, /^source_broken/],
    [
      '<svg width="9"/>',
      /^source_not_a_picture: The source is no SVG: its root element is <svg> of no namespace/,
    ],
    ['<html xmlns="http://www.w3.org/1999/xhtml"/>', /^source_not_a_picture: .*<html> of http/],
    ['<g xmlns="http://www.w3.org/2000/svg"/>', /^source_not_a_picture: .*<g> of http/],
    [`<!DOCTYPE svg [<!ENTITY a "b">]>${DRAWN}`, /^source_not_a_picture: The SVG declares entities/],
    [`<?xml version="1.0" encoding="UTF-7"?>${DRAWN}`, /^source_not_a_picture: The SVG is written in UTF-7/],
  ])('%s', async (file, words) => {
    expect(await refused(file)).toMatch(words)
  })

  test('bytes that are no UTF-8', async () => {
    expect(await refused(Buffer.from(svg('<text>\xff</text>'), 'latin1'))).toMatch(/^source_broken: .*utf-8/)
  })
})

describe('limits', () => {
  test('bytes of markup, packed or not', async () => {
    const words = 'source_too_large: The SVG has more than 100 bytes of markup'
    const large = svg(' '.repeat(100))
    expect(await refused(large, 100)).toBe(words)
    expect(await refused(gzipSync(large), 100)).toBe(words)
    expect(await refused(gzipSync(Buffer.alloc(30_000_000, ' ')), 40_000_000)).toMatch(
      /more than 10000000 bytes/,
    )
    expect(await refused(gzipSync(DRAWN).subarray(0, 40))).toMatch(/^source_broken: The compressed SVG/)
  })

  test('elements, attributes and depth', async () => {
    expect(await refused(svg('<g/>'.repeat(20_001)))).toBe(
      'source_too_large: The SVG has more than 20000 elements',
    )
    const many = Array.from({ length: 20 }, (_, at) => `a${at}="x"`).join(' ')
    expect(await refused(svg(`<g ${many}/>`.repeat(10_001)))).toMatch(/more than 200000 attributes/)
    expect(await refused(svg(`${'<g>'.repeat(300)}${'</g>'.repeat(300)}`))).toMatch(/more than 250 deep/)
    expect(await clean(svg(`${'<g>'.repeat(249)}${'</g>'.repeat(249)}`))).toContain('<g/>')
  })
})

describe('whatever comes', () => {
  const attribute = fc.constantFrom(
    'href',
    'style',
    'fill',
    'xlink:href',
    'onload',
    'd',
    'values',
    'filter',
    'class',
  )
  const piece = fc.constantFrom(
    'url(',
    '#a',
    'http://x/',
    ')',
    ';',
    ':',
    '"x"',
    '\\',
    '@import ',
    '{',
    '}',
    '/*',
    '*/',
    'fill',
    '&#10;',
    ' ',
    '--x',
    'data:image/png;base64,AA',
    'src(',
    'image-set(',
  )
  const value = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('').replaceAll('"', '&quot;'))
  const element = fc
    .tuple(fc.constantFrom('g', 'image', 'style', 'a', 'set', 'use', 'feImage'), attribute, value, value)
    .map(([name, key, text, inner]) =>
      svg(`<${name} xmlns:xlink="http://www.w3.org/1999/xlink" ${key}="${text}">${inner}</${name}>`),
    )

  test('what is clean stays as it is, and names nothing elsewhere', async () => {
    await fc.assert(
      fc.asyncProperty(element, async (file) => {
        const once = await clean(file)
        expect(await clean(once)).toBe(once)
        const attributes = [...once.matchAll(/(?<name>\S+)="(?<value>[^"]*)"/g)].filter(
          ({ groups }) => !groups?.['name']?.startsWith('xmlns'),
        )
        const styles = [...once.matchAll(/<style[^>]*>([^<]*)/g)].map(([, text]) => text)
        for (const text of [...attributes.map(({ groups }) => groups?.['value']), ...styles]) {
          expect(text).not.toMatch(
            /(?<![\w#-])url\((?!(?:\s|&#xA;)*(?:#|data:image\/png;base64,))|(?<![\w#-])(?:src|image-set)\(/,
          )
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('nothing but a verdict is thrown', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('latin1')),
        ),
        async (text) => {
          const words = await refused(text)
          expect(words).toMatch(/^source_/)
        },
      ),
      { numRuns: 500 },
    )
  })
})
