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
  const presets = new Map<string, Size>()
  const faults: string[] = []
  for (const entry of entriesOf(text)) {
    try {
      const [name, size] = parsePreset(entry)
      if (presets.has(name)) faults.push(`preset "${name}": is named twice`)
      presets.set(name, size)
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      faults.push(error.message)
    }
  }
  if (faults.length > 0) throw new GatewayError('invalid_target', faults.join('; '))
  return new Map([...BUILT_IN, ...presets])
}

function entriesOf(text: string): readonly string[] {
  return text.trim() === '' ? [] : text.split(',').map((entry) => entry.trim())
}

function parsePreset(entry: string): readonly [string, Size] {
  const equals = entry.indexOf('=')
  if (equals < 0) throw fault(entry, 'must be written name=size, such as card=400')
  const name = entry.slice(0, equals).trim()
  return [checkName(name), parsePresetSize(name, entry.slice(equals + 1).trim())]
}

function checkName(name: string): string {
  if (!NAME.test(name)) {
    throw fault(name, 'a name is 1 to 64 of a-z, 0-9, "_" and "-", and begins with a letter')
  }
  if (parseSize(name)) throw fault(name, 'the name reads as a height; take another')
  if (name === 'original') throw fault(name, 'cannot be given another size')
  return name
}

function parsePresetSize(name: string, text: string): Size {
  const size = parseSize(text)
  if (!size) throw fault(name, 'the size must be a width (400), a height (x300) or a box (1600x900)')
  try {
    return checkSides(size)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    throw fault(name, error.message)
  }
}

function fault(name: string, message: string): GatewayError {
  return new GatewayError('invalid_target', `preset "${name}": ${message}`)
}
