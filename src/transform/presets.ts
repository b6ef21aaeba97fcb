import { GatewayError } from '../errors.ts'
import { checkSides, parseSize } from './size.ts'
import type { Size } from './spec.ts'

/** Names for sizes: aliases that never reach a versioned path. */
export type Presets = ReadonlyMap<string, Size>

const BUILT_IN: readonly (readonly [string, Size])[] = [
  ['thumbnail', { fit: 'width', width: 300 }],
  ['medium', { fit: 'width', width: 800 }],
  ['large', { fit: 'width', width: 1200 }],
  ['original', { fit: 'original' }],
]

const NAME = /^[a-z][a-z0-9_-]{0,63}$/

/**
 * The built-in presets and the operator's own, written `card=400,hero=1600x900`; one of the same name takes the place
 * of a built-in. All faults are thrown together.
 */
export function parsePresets(text: string): Presets {
  const own = new Map<string, Size>()
  const faults: string[] = []
  for (const [name, size] of entriesOf(text)) {
    try {
      if (own.has(name)) throw fault('is named twice')
      own.set(checkName(name), parsePresetSize(size))
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      faults.push(`preset "${name}": ${error.message}`)
    }
  }
  if (faults.length > 0) throw fault(faults.join('; '))
  return new Map([...BUILT_IN, ...own])
}

function entriesOf(text: string): readonly (readonly [string, string])[] {
  if (text.trim() === '') return []
  return text.split(',').map((entry) => {
    const [name = '', ...size] = entry.split('=')
    return [name.trim(), size.join('=').trim()]
  })
}

function checkName(name: string): string {
  if (!NAME.test(name)) throw fault('a name is 1 to 64 of a-z, 0-9, "_" and "-", and begins with a letter')
  if (parseSize(name)) throw fault('the name reads as a height; take another')
  if (name === 'original') throw fault('cannot be given another size')
  return name
}

function parsePresetSize(text: string): Size {
  const size = parseSize(text)
  if (size) return checkSides(size)
  throw fault('must be given a width (card=400), a height (card=x300) or a box (card=1600x900)')
}

function fault(message: string): GatewayError {
  return new GatewayError('invalid_target', message)
}
