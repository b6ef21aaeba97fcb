import { z } from 'zod'
import { GatewayError } from '../errors.ts'
import type { WholeForm } from '../uploads/whole-form.ts'
import { checked } from './envelope.ts'
import type { NewImage } from '../hosted/new-image.ts'

const MINUTE_MS = 60_000
const EXPIRY = { least: 2 * MINUTE_MS, usual: 30 * MINUTE_MS, most: 360 * MINUTE_MS }
const EXPIRY_ACCEPTED =
  'expiry: accepted is a time such as 2031-05-01T12:00:00Z, from 2 minutes to 6 hours from now'

const flag = z
  .enum(['true', 'false'], { error: 'accepted is true or false' })
  .transform((text) => text === 'true')

/** Who an image belongs to, as the program in front calls them. */
export const creator = z.string().max(1024, 'accepted are at most 1024 characters')
/** What is kept with an image. */
export const metadata = z.record(z.string(), z.unknown(), { error: 'accepted is a JSON object' })

const fields = z.strictObject({
  id: z.string().optional(),
  url: z.url({ protocol: /^https?$/, error: 'accepted is an address of http or https' }).optional(),
  metadata: metadata.default({}),
  requireSignedURLs: flag.default(false),
  creator: creator.optional(),
  expiry: z.string().optional(),
})

/** What the fields of a form say of a new image. */
export interface ImageForm {
  readonly image: NewImage
  readonly url?: string | undefined
  readonly expiry?: string | undefined
}

/** Reads the fields of a form; throws `invalid_request` for what is none of them. */
export function parseImageForm({ fields: given }: Pick<WholeForm, 'fields'>): ImageForm {
  const texts = Object.fromEntries([...given].filter(([name]) => !isMetadata(name)))
  const meta = parseMetadata(given)
  const {
    requireSignedURLs,
    metadata: said,
    ...rest
  } = checked(fields, {
    ...texts,
    ...(meta !== undefined && { metadata: meta }),
  })
  const { id, creator: by, url, expiry } = rest
  return { image: { id, meta: said, isPrivate: requireSignedURLs, creator: by }, url, expiry }
}

/** Until when a file may be brought; half an hour from now where nothing is said. */
export function parseExpiry(text: string | undefined, now: number): Date {
  if (text === undefined) return new Date(now + EXPIRY.usual)
  const time = z.iso.datetime({ offset: true }).safeParse(text).success ? Date.parse(text) : Number.NaN
  // A client that asks for the least possible time has spent some of it on the way.
  const isIn = time > now + EXPIRY.least - MINUTE_MS / 6 && time <= now + EXPIRY.most + MINUTE_MS / 6
  if (isIn) return new Date(time)
  throw new GatewayError('invalid_request', EXPIRY_ACCEPTED)
}

const isMetadata = (name: string): boolean => name === 'metadata' || name.startsWith('metadata[')

/** As one field of JSON, or as a field for each value: `metadata[shop][id]`. Those values are texts. */
function parseMetadata(given: ReadonlyMap<string, string>): unknown {
  const whole = given.get('metadata')
  if (whole !== undefined) return parseJson(whole)
  const parts = [...given].filter(([name]) => isMetadata(name))
  if (parts.length === 0) return undefined
  const root = new Map<string, unknown>()
  for (const [name, text] of parts) place(root, segmentsOf(name), text)
  return plainOf(root)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new GatewayError('invalid_request', 'metadata: accepted is a JSON object', { cause })
  }
}

function segmentsOf(name: string): readonly string[] {
  const inner = /^metadata((?:\[[^[\]]+\]){1,5})$/.exec(name)?.[1]
  if (inner === undefined)
    throw new GatewayError('invalid_request', `${name}: accepted is metadata[name], up to 5 levels`)
  return inner.slice(1, -1).split('][')
}

function place(root: Map<string, unknown>, path: readonly string[], text: string): void {
  const [last = ''] = path.slice(-1)
  let at = root
  for (const name of path.slice(0, -1)) {
    const below = at.get(name) ?? new Map<string, unknown>()
    if (!(below instanceof Map))
      throw new GatewayError('invalid_request', `metadata[${name}]: is given twice`)
    at.set(name, below)
    at = below
  }
  if (at.has(last)) throw new GatewayError('invalid_request', `metadata[${last}]: is given twice`)
  at.set(last, text)
}

/** An object of entries: names such as `__proto__` are names like any other. */
function plainOf(value: unknown): unknown {
  if (!(value instanceof Map)) return value
  return Object.fromEntries([...value].map(([name, below]) => [String(name), plainOf(below)]))
}
