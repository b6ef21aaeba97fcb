import { describe, expect, it } from 'vitest'
import type { ClientHints } from '../../src/cloudflare/parse-options.ts'
import { nativeName, understand } from './understood.ts'

type Row = readonly [options: string, hints: Partial<ClientHints>, native: string]

const PHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)'
const TABLET = 'Mozilla/5.0 (Linux; Android 15; Pixel Tablet)'
const DESK = 'Mozilla/5.0 (X11; Linux x86_64)'

describe('width=auto', () => {
  it.each<Row>([
    ['w=auto', { viewportWidth: 280 }, '320.plain'],
    ['w=auto', { viewportWidth: 320 }, '320.plain'],
    ['w=auto', { viewportWidth: 500 }, '768.plain'],
    ['w=auto', { viewportWidth: 960 }, '960.plain'],
    ['w=auto', { viewportWidth: 1500 }, '1200.plain'],
    ['w=auto', { viewportWidth: 400, dpr: 2 }, '960.plain'],
    ['w=auto,dpr=2', { viewportWidth: 280 }, '640.plain'],
    ['w=auto,wbreakpoints=900;100;100', { viewportWidth: 101 }, '900.plain'],
    ['w=auto,wbreakpoints=900;100', { viewportWidth: 1000, userAgent: PHONE }, '900.plain'],
    ['w=auto', { userAgent: PHONE }, '768.plain'],
    ['w=auto', { userAgent: TABLET }, '768.plain'],
    ['w=auto', { userAgent: DESK }, '1200.plain'],
    ['w=auto', {}, '1200.plain'],
    ['w=auto', { viewportWidth: Number.NaN, dpr: Number.NaN }, '1200.plain'],
    ['w=auto', { viewportWidth: 500, dpr: Number.NaN }, '768.plain'],
    ['w=auto', { viewportWidth: -5 }, '1200.plain'],
    ['w=auto,wmobile=400,wdesktop=500', { userAgent: PHONE }, '400.plain'],
    ['w=auto,wmobile=400,wdesktop=500', { userAgent: DESK }, '500.plain'],
    ['w=auto,h=100,fit=cover,g=auto', { viewportWidth: 1 }, '320x100.plain'],
    // No screen is a mistake: caches would keep the refusal for all others.
    ['w=auto,wbreakpoints=320;90000', { viewportWidth: 5000 }, '16384.plain'],
    ['w=auto,wbreakpoints=320;9000,dpr=3', { viewportWidth: 5000 }, '16384.plain'],
    ['w=auto,wbreakpoints=2;900,dpr=0.1', { viewportWidth: 1 }, '1.plain'],
    ['wmobile=400,wdesktop=500,wbreakpoints=1', { userAgent: PHONE }, 'original.plain'],
  ])('%s for %j is %s', (options, hints, native) => {
    const asked = understand(options, hints)
    expect(nativeName(asked)).toBe(native)
    expect(asked.dependsOnHints).toBe(/w=auto/.test(options))
  })

  it('is of one width where an SVG is asked for as it is', () => {
    expect(understand('w=auto,f=svg').dependsOnHints).toBe(false)
  })
})

describe('slow-connection-quality', () => {
  it.each<readonly [...Row, dependsOnHints: boolean]>([
    ['q=80,slow-connection-quality=40', { isSlow: false }, 'original,quality=80.plain', true],
    ['q=80,slow-connection-quality=40', { isSlow: true }, 'original,quality=40.plain', true],
    ['q=80,scq=low', { isSlow: true }, 'original,quality=35.plain', true],
    ['scq=40', { isSlow: false }, 'original.plain', true],
    ['q=40,scq=40', { isSlow: true }, 'original,quality=40.plain', false],
    ['q=40', { isSlow: true }, 'original,quality=40.plain', false],
    ['scq=40,f=json', { isSlow: true }, 'original.measure', false],
  ])('%s for %j is %s; depends on them: %s', (options, hints, native, dependsOnHints) => {
    const asked = understand(options, hints)
    expect(nativeName(asked)).toBe(native)
    expect(asked.dependsOnHints).toBe(dependsOnHints)
  })
})
