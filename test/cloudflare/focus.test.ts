import { describe, expect, it } from 'vitest'
import { type FaceBox, type FaceDetector, settleFace } from '../../src/cloudflare/focus.ts'
import { type AskedOptions, parseOptions, WARNINGS } from '../../src/cloudflare/parse-options.ts'
import { parseEdits } from '../../src/transform/parse-edits.ts'
import { formatEdits } from '../../src/transform/edits.ts'
import { nativeName, SILENT } from './understood.ts'

const FACE: FaceBox = { left: 0.5, top: 0.25, right: 0.75, bottom: 0.5 }

const ask = (options: string): AskedOptions =>
  parseOptions(options, SILENT, { keepsCopyright: true, detectsFaces: true })

/** A detector that finds the same in every picture, and how often it was asked. */
function detectorOf(box: FaceBox | undefined): FaceDetector & { readonly asked: () => number } {
  let count = 0
  return {
    find: async () => {
      count += 1
      return Promise.resolve(box)
    },
    asked: () => count,
  }
}

const settled = async (asked: AskedOptions, box: FaceBox | undefined): Promise<AskedOptions> =>
  settleFace(asked, detectorOf(box), async () => Promise.resolve(new Uint8Array()))

describe('gravity=face, with somebody who looks for faces', () => {
  it.each([
    ['w=5,h=5,fit=cover,g=face', '5x5,gravity=centre_0.625_0.375.plain'],
    ['w=5,h=5,fit=crop,g=face,zoom=0', '5x5,fit=crop,gravity=centre_0.625_0.375.plain'],
    ['w=5,h=5,fit=cover,g=face,zoom=1', '5x5,trim=box_0.5_0.25_0.25_0.25,gravity=centre_0.5_0.5.plain'],
    [
      'w=5,h=5,fit=cover,g=face,face-zoom=0.5',
      '5x5,trim=box_0.25_0.125_0.625_0.625,gravity=centre_0.6_0.4.plain',
    ],
  ])('%s is %s', async (options, native) => {
    const asked = ask(options)
    expect(asked.warnings).toEqual([])
    expect(asked.face).toBeDefined()
    const found = await settled(asked, FACE)
    expect(nativeName(found)).toBe(native)
    expect(found).not.toHaveProperty('face')
  })

  it('is the centre where there is no face', async () => {
    expect(nativeName(await settled(ask('w=5,h=5,fit=cover,g=face'), undefined))).toBe(
      '5x5,gravity=0.5_0.5.plain',
    )
  })

  it.each([
    'w=5,h=5,g=face',
    'w=5,fit=cover,g=face',
    'w=5,h=5,fit=cover,g=left',
    'w=5,h=5,fit=cover,g=face,f=json',
    'w=5,h=5,fit=cover,g=face,f=svg',
  ])('%s asks for none, and nothing is read', async (options) => {
    const asked = ask(options)
    const detector = detectorOf(FACE)
    const read = async (): Promise<Uint8Array> => Promise.reject(new Error('Nothing was to be read'))
    expect(asked.face).toBeUndefined()
    expect(await settleFace(asked, detector, read)).toEqual(asked)
    expect(detector.asked()).toBe(0)
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
  ])('of a face at %j is a box that can be spelled', async (box) => {
    for (const zoom of ['0', '0.3', '1']) {
      const { edits } = await settled(ask(`w=5,h=5,fit=cover,g=face,zoom=${zoom}`), box)
      expect(parseEdits(formatEdits(edits).slice(1))).toEqual(edits)
    }
  })
})
