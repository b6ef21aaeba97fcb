import { describe, expect, test } from 'vitest'
import { imgOf, pathOf, pictureOf, sidesOf, WIDTHS, widthsFor } from '../../src/browser/snippets.ts'
import { climb } from '../../src/transform/ladder.ts'

const source = { path: 'items/42', title: 'A "fine" <chair> & table', width: 2000, height: 1000 }
const plain = { width: 640, shape: '', format: 'avif' }
const BASE = 'https://img.example.com'

describe('what can be picked', () => {
  test.each(WIDTHS)('%i pixels stand on the ladder, uncut and in every box', (width) => {
    expect(climb({ fit: 'width', width }, new Set())).toEqual({ fit: 'width', width })
    for (const shape of ['1:1', '4:3', '3:2', '16:9', '3:4']) {
      const box = { fit: 'cover', ...sidesOf(source, { ...plain, width, shape }) } as const
      expect(climb(box, new Set())).toEqual(box)
    }
  })

  test.each([
    [100, [160]],
    [320, [160, 200, 256, 320]],
    [9000, WIDTHS],
  ])('of a picture %i pixels wide', (width, widths) => {
    expect(widthsFor({ ...source, width })).toEqual(widths)
  })
})

test.each([
  [plain, 1, '/img/items/42/640.avif'],
  [plain, 2, '/img/items/42/640@2x.avif'],
  [{ ...plain, shape: '16:9', format: 'jpg' }, 1, '/img/items/42/640x360.jpg'],
  [{ ...plain, width: 750, shape: '3:2', format: 'auto' }, 2, '/img/items/42/750x500@2x.auto'],
])('%o at density %i is %s', (choice, density, path) => {
  expect(pathOf(source, choice, density)).toBe(path)
})

test('the sides on a page are those of the picture that comes: never enlarged unless a box is filled', () => {
  expect(sidesOf(source, plain)).toEqual({ width: 640, height: 320 })
  expect(sidesOf({ ...source, width: 400, height: 300 }, plain)).toEqual({ width: 400, height: 300 })
  expect(sidesOf(source, { ...plain, shape: '4:3' })).toEqual({ width: 640, height: 480 })
})

test('<img> names sides, and twice the pixels where there are as many', () => {
  expect(imgOf(source, plain, BASE)).toBe(`<img src="${BASE}/img/items/42/640.avif"
     srcset="${BASE}/img/items/42/640.avif, ${BASE}/img/items/42/640@2x.avif 2x"
     width="640" height="320" alt="A &quot;fine&quot; &lt;chair> &amp; table" loading="lazy">`)
  expect(imgOf(source, { ...plain, width: 1280 }, BASE)).not.toContain('srcset')
})

test('<picture> offers AVIF, then WebP, then JPEG, whatever format is picked', () => {
  const markup = pictureOf(source, { ...plain, width: 1280, format: 'png' }, '')
  expect(markup.match(/1280\.\w+/g)).toEqual(['1280.avif', '1280.webp', '1280.jpg'])
  expect(markup).toMatch(/^<picture>\n {2}<source type="image\/avif" srcset="[^"]+">\n[\s\S]*\n<\/picture>$/)
})
