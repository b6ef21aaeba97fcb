import { deflateSync } from 'node:zlib'
import { pngChunk, pngFile } from '../oddities/png.ts'
import { zlibOfNothing } from './bits.ts'
import type { Maker } from './hostile-file.ts'

const XMLNS = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
const markup = (content: string, attributes = 'width="100" height="100"') =>
  `<svg ${XMLNS} ${attributes}>${content}</svg>`
const svg = (content: string, attributes?: string) => Buffer.from(markup(content, attributes))
const RECT = '<rect width="100" height="100" fill="#0a0"/>'

/** Ten of those before, ten levels deep. */
const tenfold = (levels: number, level: (index: number) => string) =>
  Array.from({ length: levels }, (_, index) => level(index)).join('')
const filtered = (filter: string, sides = 100) =>
  svg(
    `<filter id="f" x="0" y="0" width="1" height="1">${filter}</filter><rect width="${sides}" height="${sides}" filter="url(#f)"/>`,
    `width="${sides}" height="${sides}"`,
  )
const data = (type: string, bytes: Uint8Array) =>
  `data:${type};base64,${Buffer.from(bytes).toString('base64')}`
const picture = (href: string) => `<image width="100" height="100" href="${href}" xlink:href="${href}"/>`

/** A drawing in a drawing, so deep. */
function within(depth: number): Buffer {
  let drawing = svg(RECT)
  for (let level = 0; level < depth; level += 1) drawing = svg(picture(data('image/svg+xml', drawing)))
  return drawing
}

const entities = (quote: string) =>
  `<!DOCTYPE svg [<!ENTITY a0 "ha">${tenfold(9, (index) => `<!ENTITY a${index + 1} ${quote}${`&a${index};`.repeat(10)}${quote}>`)}]>`

const ENTITIES: readonly Maker[] = [
  ['a thousand million laughs', () => Buffer.from(`${entities('"')}${markup('<text>&a9;</text>')}`)],
  [
    'the same in UTF-16',
    () => Buffer.from(`\ufeff${entities('"')}${markup('<text>&a9;</text>')}`, 'utf16le'),
  ],
  [
    'an entity of forty megabytes, often',
    () =>
      Buffer.from(
        `<!DOCTYPE svg [<!ENTITY a "${'x'.repeat(1_000_000)}">]>${markup(`<text>${'&a;'.repeat(10_000)}</text>`)}`,
      ),
  ],
  [
    'a file as an entity',
    () =>
      Buffer.from(`<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>${markup('<text>&a;</text>')}`),
  ],
  [
    'parameter entities',
    () => Buffer.from(`<!DOCTYPE svg [<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;]>${markup(RECT)}`),
  ],
  [
    'a document type behind 5,000 spaces',
    () => Buffer.from(`${' '.repeat(5_000)}${entities("'")}${markup('<text>&a9;</text>')}`),
  ],
  [
    'XInclude',
    () =>
      svg('<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'),
  ],
]

const SHAPES: readonly Maker[] = [
  [
    'use of use, ten levels deep',
    () =>
      svg(
        `<defs><g id="u0">${RECT}</g>${tenfold(10, (index) => `<g id="u${index + 1}">${`<use href="#u${index}"/>`.repeat(10)}</g>`)}</defs><use href="#u10"/>`,
      ),
  ],
  ['use of itself', () => svg('<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>')],
  [
    'patterns of patterns',
    () =>
      svg(
        `<defs>${tenfold(10, (index) => `<pattern id="p${index}" width=".1" height=".1">${index === 0 ? RECT : `<rect width="100" height="100" fill="url(#p${index - 1})"/>`.repeat(10)}</pattern>`)}</defs><rect width="100" height="100" fill="url(#p9)"/>`,
      ),
  ],
  [
    'a pattern of a millionth',
    () =>
      svg(
        `<pattern id="p" width="1e-6" height="1e-6" patternUnits="userSpaceOnUse"><rect width="1e-6" height="1e-6"/></pattern><rect width="1e6" height="1e6" fill="url(#p)"/>`,
      ),
  ],
  [
    'masks of masks',
    () =>
      svg(
        `<defs>${tenfold(30, (index) => `<mask id="m${index}"><rect width="100" height="100" fill="#fff" ${index === 0 ? '' : `mask="url(#m${index - 1})"`}/><rect width="50" height="50" fill="#fff" ${index === 0 ? '' : `mask="url(#m${index - 1})"`}/></mask>`)}</defs><rect width="100" height="100" mask="url(#m29)"/>`,
      ),
  ],
  [
    'markers on a hundred thousand points',
    () =>
      svg(
        `<marker id="m" markerWidth="9" markerHeight="9">${RECT.repeat(100)}</marker><path d="M0 0${'l1 1'.repeat(100_000)}" marker-mid="url(#m)"/>`,
      ),
  ],
  ['dashes of a millionth', () => svg('<path d="M0 0H1000000" stroke="#000" stroke-dasharray=".000001"/>')],
  ['groups a hundred thousand deep', () => svg(`${'<g>'.repeat(100_000)}${RECT}${'</g>'.repeat(100_000)}`)],
  [
    'groups 200 deep, each half seen',
    () => svg(`${'<g opacity=".99">'.repeat(200)}${RECT}${'</g>'.repeat(200)}`),
  ],
  [
    'switches and links, deep',
    () => svg(`${'<switch><a>'.repeat(400)}${RECT}${'</a></switch>'.repeat(400)}`),
  ],
  ['a million shapes', () => svg('<path d="M0 0h1"/>'.repeat(1_000_000))],
  [
    'a path of a million curves',
    () => svg(`<path fill-rule="evenodd" d="M0 0${'C9 9 3 1 7 5'.repeat(1_000_000)}"/>`),
  ],
  ['a text of ten megabytes', () => svg(`<text>${'words '.repeat(1_700_000)}</text>`)],
  [
    'ten thousand rules on ten thousand shapes',
    () =>
      svg(
        `<style>${Array.from({ length: 10_000 }, (_, index) => `g g g .a${index} *{fill:#000}`).join('')}</style>${'<g class="a1"><path/></g>'.repeat(10_000)}`,
      ),
  ],
  ['a style that is all brackets', () => svg(`<style>${'{'.repeat(200_000)}</style>${RECT}`)],
  [
    'an attribute of ten megabytes',
    () => svg(RECT, `width="100" height="100" id="${'x'.repeat(10_000_000)}"`),
  ],
  ['a transform of ten thousand', () => svg(`<g transform="${'scale(9)'.repeat(10_000)}">${RECT}</g>`)],
]

const EFFECTS: readonly Maker[] = [
  ['a blur of a million', () => filtered('<feGaussianBlur stdDeviation="1000000"/>')],
  ['a thousand blurs', () => filtered('<feGaussianBlur stdDeviation="40"/>'.repeat(1_000), 2_000)],
  ['a morphology of a million', () => filtered('<feMorphology operator="dilate" radius="1000000"/>')],
  [
    'ten wide morphologies on many pixels',
    () => filtered('<feMorphology operator="dilate" radius="900"/>'.repeat(10), 4_000),
  ],
  [
    'turbulence of a million octaves',
    () => filtered('<feTurbulence baseFrequency="9" numOctaves="1000000"/>'),
  ],
  [
    'a matrix of a million',
    () => filtered(`<feConvolveMatrix order="1000" kernelMatrix="${'1 '.repeat(1_000_000)}"/>`),
  ],
  [
    'light on many pixels, often',
    () =>
      filtered(
        '<feSpecularLighting><fePointLight x="1" y="1" z="1"/></feSpecularLighting>'.repeat(300),
        4_000,
      ),
  ],
]

const SIDES: readonly Maker[] = [
  ['sides of 10³⁸', () => svg(RECT, 'width="1e38" height="1e38"')],
  ['sides of two thousand million', () => svg(RECT, 'width="2000000000" height="2000000000"')],
  ['sides of less than nothing', () => svg(RECT, 'width="-5" height="-5"')],
  ['sides that are no numbers', () => svg(RECT, 'width="NaN" height="Infinity"')],
  ['a hundred megapixels', () => svg(RECT, 'width="10000" height="10000"')],
  ['a line', () => svg(RECT, 'width="1000000" height="1"')],
  ['a view of 10³⁸', () => svg(RECT, 'viewBox="-1e38 -1e38 2e38 2e38"')],
  ['a view of nothing', () => svg(RECT, 'viewBox="0 0 0 0"')],
  ['a thousandth of a pixel', () => svg(RECT, 'width=".001" height=".001"')],
  ['a shape of 10³⁸ and no sides', () => svg('<rect width="1e38" height="1e38"/>', '')],
  ['nothing at all', () => svg('', '')],
]

const PICTURES: readonly Maker[] = [
  [
    'a PNG of a gigapixel within',
    () =>
      svg(
        picture(
          data(
            'image/png',
            pngFile({ width: 32_000, height: 32_000, bitDepth: 8, colourType: 2 }, [
              pngChunk('IDAT', zlibOfNothing(2_930)),
            ]),
          ),
        ),
      ),
  ],
  [
    'a PNG of a gigapixel that is not there within',
    () =>
      svg(
        picture(
          data(
            'image/png',
            pngFile({ width: 32_000, height: 32_000, bitDepth: 8, colourType: 6 }, [
              pngChunk('IDAT', deflateSync(Buffer.alloc(99))),
            ]),
          ),
        ),
      ),
  ],
  [
    'a hundred PNGs of sixteen megapixels within',
    () =>
      svg(
        picture(
          data(
            'image/png',
            pngFile({ width: 4_000, height: 4_000, bitDepth: 8, colourType: 6 }, [
              pngChunk('IDAT', zlibOfNothing(62)),
            ]),
          ),
        ).repeat(100),
      ),
  ],
  ['drawings within drawings', () => within(10)],
  [
    'a file by its address',
    () =>
      svg(picture('file:///etc/passwd') + picture('http://127.0.0.1:1/x.png') + picture('../../etc/passwd')),
  ],
  [
    'a style sheet by its address',
    () =>
      Buffer.from(
        `<?xml version="1.0"?><?xml-stylesheet href="file:///etc/passwd"?>${markup(`<style>@import url(file:///etc/passwd);</style>${RECT}`)}`,
      ),
  ],
  ['a device by its address', () => svg(picture('file:///dev/zero'))],
]

/** SVGs that are more than they seem. */
export const svgBombs: readonly Maker[] = [...ENTITIES, ...SHAPES, ...EFFECTS, ...SIDES, ...PICTURES]
