import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCssColour } from '../../src/cloudflare/css-colour.ts'

describe('parseCssColour', () => {
  it.each([
    ['red', 'ff0000'],
    ['ReBeccaPurple', '663399'],
    ['transparent', '00000000'],
    ['#f00', 'ff0000'],
    ['#f008', 'ff000088'],
    ['#FF0000', 'ff0000'],
    ['#ff000080', 'ff000080'],
    ['#ff0000ff', 'ff0000'],
    ['rgb(240,40,145)', 'f02891'],
    ['rgb(240, 40, 145)', 'f02891'],
    ['rgb(94%,16%,57%)', 'f02991'],
    ['rgba(240,40,145,.5)', 'f0289180'],
    ['rgba(240,40,145,1)', 'f02891'],
    ['rgb(240 40 145)', 'f02891'],
    ['rgb(240 40 145 / 50%)', 'f0289180'],
    ['rgb(300,-5,0)', 'ff0000'],
    ['hsl(120,100%,50%)', '00ff00'],
    ['hsla(120,100%,25%,0.25)', '00800040'],
    ['hsl(120deg 100% 50% / 0)', '00ff0000'],
    ['hsl(0.5turn 100% 50%)', '00ffff'],
    ['hwb(240 0% 0%)', '0000ff'],
    ['lab(100% 0 0)', 'ffffff'],
    ['lch(0% 0 0)', '000000'],
    ['oklab(0 0 0)', '000000'],
    ['oklch(1 0 0)', 'ffffff'],
    ['color(srgb 1 0.5 0)', 'ff8000'],
    ['color(srgb-linear 0 1 0)', '00ff00'],
    ['color-mix(in srgb, red, blue)', '800080'],
  ])('%s is %s', (text, colour) => {
    expect(parseCssColour(text)).toBe(colour)
  })

  it.each([
    '',
    'reddish',
    'ff0000',
    '#ff',
    '#gggggg',
    'rgb(1,2',
    'rgb(1,2)',
    'rgb(1 2,3)',
    'red blue',
    'currentcolor',
    'canvastext',
    'inherit',
    'var(--red)',
    'rgb(var(--red))',
    'url(https://example.com/a.png)',
    `rgb(${'('.repeat(5000)}`,
    `${'calc('.repeat(5000)}1`,
  ])('%s is none', (text) => {
    expect(parseCssColour(text)).toBeUndefined()
  })

  it('of three channels and opacity each survives, to the last bit', () => {
    const channel = fc.integer({ min: 0, max: 255 })
    fc.assert(
      fc.property(channel, channel, channel, channel, (...channels) => {
        const digits = channels.map((part) => part.toString(16).padStart(2, '0')).join('')
        expect(parseCssColour(`#${digits}`)).toBe(
          digits.replace(/ff$/, (end) => (channels[3] === 255 ? '' : end)),
        )
      }),
    )
  })

  it('of any text nothing is thrown, and what is understood is plain', () => {
    const name = fc.constantFrom('rgb', 'hsl', 'lab', 'color', 'calc', 'color-mix', 'rgb(from red', '#', '')
    fc.assert(
      fc.property(name, fc.string({ maxLength: 40 }), (name, rest) => {
        expect(parseCssColour(`${name}(${rest})`) ?? 'ffffff').toMatch(/^[0-9a-f]{6}(?:[0-9a-f]{2})?$/)
      }),
      { numRuns: 1000 },
    )
  })
})
