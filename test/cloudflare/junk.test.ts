import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { nativeName, understand } from './understood.ts'

/** All that is passed over: the whole of what this dialect forgives. */
describe('forgiven', () => {
  it.each([
    // What is no number, where a number of pixels, a density or a quality stands.
    ['width=abc', 'original.plain'],
    ['width=', 'original.plain'],
    ['width=auto:1920', 'original.plain'],
    ['w=320px', 'original.plain'],
    ['w=1e3', 'original.plain'],
    ['height=auto,w=5', '5.plain'],
    ['dpr=auto,w=5', '5.plain'],
    ['quality=auto', 'original.plain'],
    ['scq=auto', 'original.plain'],
    // A fit that is none.
    ['fit=inside,w=5,h=6', '5x6,fit=scale-down.plain'],
    ['fit=Cover,w=5,h=6', '5x6,fit=scale-down.plain'],
    // Options that are none, and what is no pair.
    ['width=5,foo=bar', '5.plain'],
    ['foo=bar', 'original.plain'],
    ['Width=5', 'original.plain'],
    ['origin-auth=share-publicly', 'original.plain'],
    ['constructor=1,__proto__=2', 'original.plain'],
    ['width=5,', '5.plain'],
    [',,width=5,foo', '5.plain'],
    ['=5,w=5', '5.plain'],
    // Of several the last that can be read.
    ['w=5,width=6', '6.plain'],
    ['width=6,w=5', '5.plain'],
    ['w=5,w=abc', '5.plain'],
    // Factors of nothing.
    ['brightness=0,contrast=0,gamma=0', 'original.plain'],
  ])('%s is %s', (options, native) => {
    expect(nativeName(understand(options))).toBe(native)
  })
})

describe('refused', () => {
  it.each([
    ['', 'options: must be at least one'],
    ['foo', 'options: must be at least one'],
    ['width', 'options: must be at least one'],
    ['format=jpg', "format: 'jpg' is no format that can be made; accepted are auto, avif, webp, jpeg"],
    ['format=mp4', "format: 'mp4' is no format"],
    ['f=WEBP', "format: 'WEBP' is no format"],
    ['f=gif', "format: 'gif' is no format"],
    ['f=', "format: '' is no format"],
    ['width=0', 'width: must be a whole number from 1 to 16384'],
    ['w=-5', 'width: must be a whole number'],
    ['w=5.5', 'width: must be a whole number'],
    ['h=16385', 'height: must be a whole number'],
    ['w=9000,dpr=2', 'width: must be 1 to 16384 pixels'],
    ['dpr=0,w=5', 'dpr: must be a number from 0.001'],
    ['dpr=-1', 'dpr: must be a number'],
    ['quality=0', 'quality: must be a whole number from 1 to 100'],
    ['quality=101', 'quality: must be a whole number from 1 to 100'],
    ['scq=101', 'slow-connection-quality: must be a whole number'],
    ['blur=251', 'blur: must be a number from 0 to 250'],
    ['blur=-1', 'blur: must be a number'],
    ['blur=abc', 'blur: must be a number'],
    ['sharpen=10.1', 'sharpen: must be a number from 0 to 10'],
    ['brightness=255', 'brightness: must be a number from 0 to below 255'],
    ['contrast=255', 'contrast: must be a number from 0 to below 255'],
    ['gamma=abc', 'gamma: must be a number'],
    ['saturation=-1', 'saturation: must be a number'],
    ['rotate=45', 'rotate: must be one of 0, 90, 180, 270, 360'],
    ['flip=x', 'flip: must be one of h, v, hv'],
    ['gravity=side', 'gravity: must be one of auto, face, entropy, center'],
    ['gravity=2x0', 'gravity: must be one of'],
    ['gravity=0X0', 'gravity: must be one of'],
    ['gravity=0x0x0', 'gravity: must be one of'],
    ['zoom=2', 'zoom: must be a number from 0 to 1'],
    ['background=reddish', 'background: must be a colour of CSS'],
    ['background=rgb(1,2', 'background: must be a colour of CSS'],
    ['trim=1;2;3', 'trim: must be border, or four values'],
    ['trim=10', 'trim: must be border, or four values'],
    ['trim=1.5;0;0;0', 'trim: must be whole pixels'],
    ['trim=1.0;0;0;0', 'trim: must be whole pixels'],
    ['trim.left=-1', 'trim.left: must be whole pixels'],
    ['trim=border,trim.left=5', 'trim: either a border or sides'],
    ['trim.width=0', 'trim: a width or height of 0'],
    ['trim.width=5,trim.right=5', 'trim: a width or height is counted from left and top'],
    ['trim.border.tolerance=256', 'trim.border.tolerance: must be a whole number from 0 to 255'],
    ['border=1;2', 'border: must be a whole number'],
    ['border=10001', 'border: must be a whole number from 0 to 10000'],
    ['border=9000,w=5,dpr=2', 'border: must be at most 10000 pixels wide, after dpr'],
    ['border.color=x', 'border.color: must be a colour'],
    ['draw=Logo', 'draw: must be names of overlays'],
    ['draw=a.b', 'draw: must be names of overlays'],
    ['draw=a;b;c;d;e;f;g;h;i', 'draw: at most 8 overlays'],
    ['draw=~YQ', 'draw: the overlay ~YQ: is no base64url of JSON'],
    ['segment=background', 'segment: must be one of foreground'],
    ['upscale=no', 'upscale: must be one of interpolate, generate'],
    ['anim=no', 'anim: must be one of true, false'],
    ['compression=slow', 'compression: must be one of fast'],
    ['metadata=all', 'metadata: must be one of copyright, keep, none'],
    ['onerror=ignore', 'onerror: must be one of redirect'],
    ['wbreakpoints=320;', 'wbreakpoints: must be a whole number'],
    ['wmobile=0', 'wmobile: must be a whole number'],
    [
      `draw=${Array.from({ length: 8 }, (_, at) => `overlay-${'long-'.repeat(7)}${at}`).join(';')}`,
      'options: at most 300',
    ],
  ])('%s: %s', (options, message) => {
    expect(() => understand(options)).toThrow(message)
    expect(() => understand(options)).toThrow(GatewayError)
    expect(() => understand(options)).toThrow(expect.objectContaining({ code: 'invalid_target' }))
  })
})
