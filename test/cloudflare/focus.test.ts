import { describe, expect, it } from 'vitest'
import type { FaceBox } from '../../src/cloudflare/face-detector.ts'
import { checkFace, settleFace } from '../../src/cloudflare/focus.ts'
import { type AskedOptions, parseOptions, WARNINGS } from '../../src/cloudflare/parse-options.ts'
import { parseEdits } from '../../src/transform/parse-edits.ts'
import { formatEdits } from '../../src/transform/edits.ts'
import { nativeName, SILENT } from './understood.ts'

const FACE: FaceBox = { left: 0.5, top: 0.25, right: 0.75, bottom: 0.5 }

const ask = (options: string): AskedOptions =>
  parseOptions(options, SILENT, { keepsCopyright: true, detectsFaces: true })

describe('gravity=face, with somebody who looks for faces', () => {
  it.each([
    ['w=5,h=5,fit=cover,g=face', '5x5,gravity=centre_0.625_0.375.plain'],
    ['w=5,h=5,fit=crop,g=face,zoom=0', '5x5,fit=crop,gravity=centre_0.625_0.375.plain'],
    ['w=5,h=5,fit=cover,g=face,zoom=1', '5x5,trim=box_0.5_0.25_0.25_0.25,gravity=centre_0.5_0.5.plain'],
    [
      'w=5,h=5,fit=cover,g=face,face-zoom=0.5',
      '5x5,trim=box_0.25_0.125_0.625_0.625,gravity=centre_0.6_0.4.plain',
    ],
  ])('%s is %s', (options, native) => {
    const asked = ask(options)
    expect(asked.warnings).toEqual([])
    expect(asked.face).toBeDefined()
    const found = settleFace(asked, FACE)
    expect(nativeName(found)).toBe(native)
    expect(found).not.toHaveProperty('face')
  })

  it('is the centre where there is no face', () => {
    const asked = ask('w=5,h=5,fit=cover,g=face')
    expect(nativeName(settleFace(asked, undefined))).toBe('5x5,gravity=0.5_0.5.plain')
  })

  it.each([
    'w=5,h=5,g=face',
    'w=5,fit=cover,g=face',
    'w=5,h=5,fit=cover,g=left',
    'w=5,h=5,fit=cover,g=face,f=json',
    'w=5,h=5,fit=cover,g=face,f=svg',
  ])('%s asks for none', (options) => {
    const asked = ask(options)
    expect(asked.face).toBeUndefined()
    expect(settleFace(asked, FACE)).toEqual(asked)
  })

  it.each(['trim=1;0;0;0', 'flip=h', 'rotate=90'])('with %s is the centre, with a warning', (also) => {
    const asked = ask(`w=5,h=5,fit=cover,g=face,${also}`)
    expect(asked).toMatchObject({ warnings: [WARNINGS.face], edits: { gravity: { x: 0.5, y: 0.5 } } })
    expect(asked.face).toBeUndefined()
  })

  it.each<FaceBox>([
    { left: 0, top: 0, right: 1, bottom: 1 },
    { left: 0.4, top: 0, right: 1, bottom: 0.00001 },
    { left: 0.9999, top: 0.9999, right: 1, bottom: 1 },
    { left: 0.3, top: 0.3, right: 0.3, bottom: 0.3 },
  ])('of a face at %j is a box that can be spelled', (box) => {
    for (const zoom of ['0', '0.3', '1']) {
      const { edits } = settleFace(ask(`w=5,h=5,fit=cover,g=face,zoom=${zoom}`), checkFace(box))
      expect(parseEdits(formatEdits(edits).slice(1))).toEqual(edits)
    }
  })

  it.each<FaceBox>([
    { left: -0.1, top: 0, right: 1, bottom: 1 },
    { left: 0, top: 0, right: 1.1, bottom: 1 },
    { left: 0.6, top: 0, right: 0.5, bottom: 1 },
    { left: 0, top: Number.NaN, right: 1, bottom: 1 },
    { left: 10, top: 10, right: 200, bottom: 200 },
  ])('is refused where a detector says %j', (box) => {
    expect(() => checkFace(box)).toThrow(TypeError)
  })
})
