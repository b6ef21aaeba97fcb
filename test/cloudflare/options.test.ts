import { describe, expect, it } from 'vitest'
import { OPTION_SPELLINGS } from '../../src/cloudflare/option-table.ts'
import { parseOptions, WARNINGS } from '../../src/cloudflare/parse-options.ts'
import { nativeName, SILENT, understand } from './understood.ts'

type Row = readonly [options: string, native: string]

/** By option: what it is written like, and what it comes to in the spelling of native URLs. */
const ROWS: Readonly<Record<string, readonly Row[]>> = {
  width: [
    ['width=800,format=webp', '800.webp'],
    ['w=800,f=webp', '800.webp'],
    ['f=webp,w=0800', '800.webp'],
    ['w=800.0,f=webp', '800.webp'],
    ['w=800', '800.plain'],
  ],
  height: [
    ['height=600,format=avif', 'x600.avif'],
    ['h=600,f=avif', 'x600.avif'],
  ],
  dpr: [
    ['w=400,dpr=2,f=webp', '800.webp'],
    ['w=333,h=111,dpr=1.5,fit=cover,g=auto,f=webp', '500x167.webp'],
    ['w=100,dpr=0.5,f=webp', '50.webp'],
    ['w=100,dpr=7,f=webp', '300.webp'],
    ['dpr=2,f=webp', 'original.webp'],
  ],
  fit: [
    ['w=5,h=6', '5x6,fit=scale-down.plain'],
    ['w=5,h=6,fit=scale-down', '5x6,fit=scale-down.plain'],
    ['w=5,h=6,fit=contain', '5x6,fit=contain.plain'],
    ['w=5,h=6,fit=cover', '5x6,gravity=0.5_0.5.plain'],
    ['w=5,h=6,fit=crop', '5x6,fit=crop,gravity=0.5_0.5.plain'],
    ['w=5,h=6,fit=aspect-crop', '5x6,fit=aspect-crop,gravity=0.5_0.5.plain'],
    ['w=5,h=6,fit=pad', '5x6,fit=pad.plain'],
    ['w=5,h=6,fit=squeeze', '5x6,fit=squeeze.plain'],
    ['w=5,h=6,fit=scale-up', '5x6,fit=scale-up.plain'],
    ['w=5,fit=scale-down', '5.plain'],
    ['w=5,fit=contain', '5,fit=contain.plain'],
    ['w=5,fit=cover', '5,fit=contain.plain'],
    ['w=5,fit=crop', '5.plain'],
    ['h=5,fit=aspect-crop', 'x5.plain'],
    ['h=5,fit=pad', 'x5,fit=contain.plain'],
    ['h=5,fit=squeeze', 'x5,fit=squeeze.plain'],
    ['w=5,fit=scale-up', '5,fit=scale-up.plain'],
    ['fit=cover', 'original.plain'],
  ],
  gravity: [
    ['w=5,h=5,fit=cover,gravity=auto', '5x5.plain'],
    ['w=5,h=5,fit=cover,g=left', '5x5,gravity=0_0.5.plain'],
    ['w=5,h=5,fit=cover,g=right', '5x5,gravity=1_0.5.plain'],
    ['w=5,h=5,fit=cover,g=top', '5x5,gravity=0.5_0.plain'],
    ['w=5,h=5,fit=cover,g=bottom', '5x5,gravity=0.5_1.plain'],
    ['w=5,h=5,fit=cover,g=center', '5x5,gravity=0.5_0.5.plain'],
    ['w=5,h=5,fit=cover,g=0x0.5', '5x5,gravity=0_0.5.plain'],
    ['w=5,h=5,fit=cover,g=.33x1.0', '5x5,gravity=0.33_1.plain'],
    ['w=5,h=5,fit=cover,g=0.3x0.7;box-center', '5x5,gravity=centre_0.3_0.7.plain'],
    ['w=5,h=5,fit=cover,g=1x0.5;box-center', '5x5,gravity=1_0.5.plain'],
    ['w=5,h=5,fit=crop,g=entropy', '5x5,fit=crop,gravity=entropy.plain'],
    ['w=5,h=5,fit=pad,g=left', '5x5,fit=pad.plain'],
    ['w=5,fit=cover,g=left', '5,fit=contain.plain'],
    ['w=5,h=5,fit=cover,g=face', '5x5,gravity=0.5_0.5.plain'],
  ],
  zoom: [['zoom=0.5', 'original.plain']],
  'face-zoom': [['face-zoom=1', 'original.plain']],
  trim: [
    ['trim=0;540;0;0', 'original,trim=sides_0_540_0_0.plain'],
    ['trim=0.25;.5;10;0.0', 'original,trim=sides_0.25_0.5_10_0.plain'],
    ['trim=0.0004;0.9999;0;0', 'original,trim=sides_0.001_0.999_0_0.plain'],
    ['trim=0;0;0;0', 'original.plain'],
    ['trim=border', 'original,trim=border___.plain'],
    ['trim=1;2;3;4,trim.left=9', 'original,trim=sides_1_2_3_9.plain'],
  ],
  'trim.top': [['trim.top=7', 'original,trim=sides_7_0_0_0.plain']],
  'trim.right': [['trim.right=7', 'original,trim=sides_0_7_0_0.plain']],
  'trim.bottom': [['trim.bottom=0.5', 'original,trim=sides_0_0_0.5_0.plain']],
  'trim.left': [['trim.left=0', 'original.plain']],
  'trim.width': [
    ['trim.width=300', 'original,trim=box_0_0_300_.plain'],
    ['trim.width=300,trim.height=0.5,trim.left=1,trim.top=2', 'original,trim=box_1_2_300_0.5.plain'],
  ],
  'trim.height': [['trim.height=300,trim.top=20', 'original,trim=box_0_20__300.plain']],
  'trim.border.color': [['trim.border.color=red', 'original,trim=border_ff0000__.plain']],
  'trim.border.tolerance': [
    ['trim=border,trim.border.tolerance=5', 'original,trim=border__5_.plain'],
    ['trim.border.tolerance=0', 'original,trim=border__0_.plain'],
  ],
  'trim.border.keep': [
    ['trim.border.keep=5', 'original,trim=border___5.plain'],
    ['trim.border.keep=0', 'original,trim=border___.plain'],
  ],
  rotate: [
    ['rotate=90', 'original,rotate=90.plain'],
    ['rotate=180', 'original,rotate=180.plain'],
    ['rotate=0', 'original.plain'],
    ['rotate=360', 'original.plain'],
  ],
  flip: [
    ['flip=h', 'original,flip=h.plain'],
    ['flip=v', 'original,flip=v.plain'],
    ['flip=hv', 'original,rotate=180.plain'],
    ['flip=hv,rotate=180', 'original.plain'],
    ['flip=h,rotate=180', 'original,flip=v.plain'],
    ['flip=v,rotate=180', 'original,flip=h.plain'],
    ['flip=v,rotate=90', 'original,flip=h,rotate=270.plain'],
  ],
  background: [
    ['background=red', 'original,background=ff0000.plain'],
    ['background=#00FF0080', 'original,background=00ff0080.plain'],
    ['background=rgb(240,40,145),fit=pad,w=9,h=9', '9x9,fit=pad,background=f02891.plain'],
    ['background=transparent', 'original.plain'],
    ['background=transparent,fit=pad,w=9,h=9', '9x9,fit=pad,background=00000000.plain'],
  ],
  blur: [
    ['blur=250', 'original,blur=250.plain'],
    ['blur=1.5', 'original,blur=1.5.plain'],
    ['blur=0.9', 'original.plain'],
  ],
  sharpen: [
    ['sharpen=1', 'original,sharpen=1.plain'],
    ['sharpen=0', 'original.plain'],
  ],
  brightness: [
    ['brightness=0.5', 'original,brightness=0.5.plain'],
    ['brightness=0', 'original.plain'],
    ['brightness=1.0', 'original.plain'],
    ['brightness=0.0001', 'original,brightness=0.001.plain'],
    ['brightness=254.9999', 'original,brightness=254.999.plain'],
  ],
  contrast: [
    ['contrast=2', 'original,contrast=2.plain'],
    ['contrast=0', 'original.plain'],
  ],
  gamma: [
    ['gamma=2.2', 'original,gamma=2.2.plain'],
    ['gamma=0', 'original.plain'],
    ['gamma=1', 'original.plain'],
  ],
  saturation: [
    ['saturation=0', 'original,saturation=0.plain'],
    ['saturation=1', 'original.plain'],
  ],
  border: [
    ['border=5', 'original,border=000000_5_5_5_5.plain'],
    ['border=1;2;3;4,border.color=red', 'original,border=ff0000_1_2_3_4.plain'],
    ['border=5,w=100,dpr=2', '200,border=000000_10_10_10_10.plain'],
    ['border=0', 'original.plain'],
  ],
  'border.color': [['border.color=red', 'original.plain']],
  'border.width': [['border.width=3,border.left=0', 'original,border=000000_3_3_3_0.plain']],
  'border.top': [['border.top=1', 'original,border=000000_1_0_0_0.plain']],
  'border.right': [['border.right=1', 'original,border=000000_0_1_0_0.plain']],
  'border.bottom': [['border.bottom=1', 'original,border=000000_0_0_1_0.plain']],
  'border.left': [['border.left=1', 'original,border=000000_0_0_0_1.plain']],
  draw: [
    ['draw=logo;~eyJ0ZXh0IjoiYSJ9', 'original,draw=logo.~eyJ0ZXh0IjoiYSJ9.plain'],
    // {"opacity": 1, "text": "a"}
    ['draw=~eyJvcGFjaXR5IjogMSwgInRleHQiOiAiYSJ9', 'original,draw=~eyJ0ZXh0IjoiYSJ9.plain'],
  ],
  segment: [['segment=foreground', 'original.plain']],
  upscale: [
    ['upscale=interpolate', 'original.plain'],
    ['upscale=generate', 'original.plain'],
  ],
  format: [
    ['format=auto', 'original.auto'],
    ['format=avif', 'original.avif'],
    ['format=webp', 'original.webp'],
    ['f=jpeg', 'original.jpg'],
    ['f=baseline-jpeg', 'original,baseline=1.jpg'],
    ['f=png', 'original.plain'],
    ['f=png-force', 'original.png'],
    ['f=json,w=5', '5.measure'],
    ['f=svg,w=5,blur=5', 'original.drawing'],
  ],
  quality: [
    ['quality=70', 'original,quality=70.plain'],
    ['q=85', 'original.plain'],
    ['q=low', 'original,quality=35.plain'],
    ['q=medium-low', 'original,quality=50.plain'],
    ['q=medium-high', 'original,quality=70.plain'],
    ['q=high', 'original,quality=90.plain'],
    ['q=100,f=webp', 'original,quality=100.webp'],
  ],
  anim: [
    ['anim=true', 'original.plain'],
    ['anim=false', 'original,still=1.plain'],
    ['anim=false,f=webp', 'original,still=1.webp'],
    ['anim=false,f=jpeg', 'original.jpg'],
  ],
  compression: [
    ['compression=fast', 'original,fast=1.plain'],
    ['compression=fast,f=avif', 'original,fast=1.plain'],
    ['compression=fast,f=auto', 'original,fast=1.plain'],
    ['compression=fast,f=jpeg', 'original,fast=1.jpg'],
    ['compression=fast,f=png-force', 'original,fast=1.png'],
  ],
  metadata: [
    ['metadata=copyright,f=jpeg', 'original.jpg'],
    ['metadata=none,f=jpeg', 'original,metadata=none.jpg'],
    ['metadata=keep,f=jpeg', 'original,metadata=keep.jpg'],
    ['metadata=keep,f=webp', 'original.webp'],
    ['metadata=none,f=auto', 'original,metadata=none.auto'],
  ],
}

describe.each(Object.entries(ROWS))('%s', (_, rows) => {
  it.each(rows)('%s is %s', (options, native) => {
    expect(nativeName(understand(options))).toBe(native)
  })
})

it('every option and alias is tried here, or with the hints it depends on', () => {
  const elsewhere = ['wbreakpoints', 'wmobile', 'wdesktop', 'slow-connection-quality', 'scq', 'onerror']
  const all = Object.values(ROWS)
    .flatMap((rows) => rows.map(([options]) => `,${options}`))
    .join('')
  const untried = [...OPTION_SPELLINGS.keys()].filter((name) => !all.includes(`,${name}=`))
  expect(untried.toSorted()).toEqual(elsewhere.toSorted())
})

describe('metadata, where JPEGs have none unless asked', () => {
  it.each<Row>([
    ['f=jpeg', 'original,metadata=copyright.jpg'],
    ['f=jpeg,metadata=none', 'original.jpg'],
    ['metadata=none', 'original.plain'],
    ['f=avif', 'original.avif'],
  ])('%s is %s', (options, native) => {
    expect(nativeName(parseOptions(options, SILENT, { keepsCopyright: false }))).toBe(native)
  })
})

describe('what is measured', () => {
  it.each<Row>([
    ['f=json,w=500,q=50,blur=3,background=red,metadata=none,compression=fast', '500.measure'],
    ['f=json,w=5,h=5,fit=cover,g=left', '5x5.measure'],
    ['f=json,rotate=270,flip=h', 'original,rotate=90.measure'],
    ['f=json,rotate=180,anim=false,trim=border', 'original,trim=border___,still=1.measure'],
    ['f=json,border=3,border.color=red', 'original,border=000000_3_3_3_3.measure'],
  ])('%s is %s', (options, native) => {
    expect(nativeName(understand(options))).toBe(native)
  })
})

describe('warnings', () => {
  it.each<readonly [string, readonly string[]]>([
    ['w=5', []],
    ['fit=cover,w=320', [WARNINGS.oneSideCover]],
    ['fit=cover,w=5,h=5', []],
    ['w=5,dpr=3', []],
    ['w=5,dpr=3.5', [WARNINGS.largeDpr]],
    ['f=png', [WARNINGS.png]],
    ['f=png-force', []],
    ['gravity=face,fit=cover,w=5,h=5', [WARNINGS.face]],
    ['gravity=face,w=5', []],
    ['segment=foreground,upscale=generate', [WARNINGS.segment, WARNINGS.upscale]],
    ['upscale=interpolate', []],
  ])('%s: %j', (options, warnings) => {
    expect(understand(options).warnings).toEqual(warnings)
  })
})

describe('onerror', () => {
  it('sends the client to the source only where it is asked to', () => {
    expect(understand('onerror=redirect').redirectsOnError).toBe(true)
    expect(understand('w=5').redirectsOnError).toBe(false)
  })
})
