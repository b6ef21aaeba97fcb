import { GatewayError } from '../errors.ts'
import type { HostedImage } from '../hosted/hosted-images.ts'

type Scalar = string | number | boolean

/** A condition on what is said of an image: `meta.status[eq]=active`. */
interface Condition {
  readonly path: readonly string[]
  readonly holds: (value: unknown) => boolean
}

const MAX_CONDITIONS = 5
const MAX_LEVELS = 5
const MAX_NAME_LENGTH = 100
const MAX_CHOICES = 10
const FILTER = /^meta\.([A-Za-z0-9_.]+)\[(eq|in|gte?|lte?)(?::(string|number|boolean))?\]$/
const ACCEPTED = `meta.<field>[<operator>]: accepted are up to ${MAX_CONDITIONS} conditions; fields of letters, digits and "_", up to ${MAX_LEVELS} levels of up to ${MAX_NAME_LENGTH} characters; operators eq, in (up to ${MAX_CHOICES} values between "|"), gt, gte, lt and lte (numbers), with :string, :number or :boolean`

const COMPARE: Readonly<Record<string, (one: number, other: number) => boolean>> = {
  gt: (one, other) => one > other,
  gte: (one, other) => one >= other,
  lt: (one, other) => one < other,
  lte: (one, other) => one <= other,
}

/** What a query asks of the metadata of images: all of it has to hold. Throws `invalid_request`. */
export function parseMetaFilter(query: URLSearchParams): (image: HostedImage) => boolean {
  const conditions = [...query]
    .filter(([name]) => name.startsWith('meta.') || name.startsWith('meta['))
    .map(([name, text]) => parseCondition(name, text))
  if (conditions.length > MAX_CONDITIONS) throw refused()
  return ({ meta }) => conditions.every(({ path, holds }) => holds(valueAt(meta, path)))
}

function parseCondition(name: string, text: string): Condition {
  const [, field = '', operator = '', type] = FILTER.exec(name) ?? []
  const path = field.split('.')
  const isPath = path.every((part) => part !== '' && part.length <= MAX_NAME_LENGTH)
  if (operator === '' || !isPath || path.length > MAX_LEVELS) throw refused()
  const compare = COMPARE[operator]
  if (compare !== undefined) {
    const limit = parseScalar(text, 'number')
    return { path, holds: (value) => typeof value === 'number' && compare(value, Number(limit)) }
  }
  const choices = operator === 'in' ? text.split('|') : [text]
  if (choices.length > MAX_CHOICES) throw refused()
  const wanted = choices.flatMap((choice) =>
    type === undefined ? readings(choice) : [parseScalar(choice, type)],
  )
  return { path, holds: (value) => wanted.some((choice) => choice === value) }
}

/** What a text can stand for where no type is said. */
function readings(text: string): Scalar[] {
  const number = text.trim() === '' ? Number.NaN : Number(text)
  const bool = text === 'true' || text === 'false' ? [text === 'true'] : []
  return [text, ...(Number.isNaN(number) ? [] : [number]), ...bool]
}

function parseScalar(text: string, type: string): Scalar {
  const value = readings(text).find((reading) => typeof reading === type)
  if (value === undefined) throw refused()
  return value
}

function valueAt(meta: unknown, path: readonly string[]): unknown {
  return path.reduce(
    (value: unknown, name) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, name)
        ? Object.entries(value).find(([key]) => key === name)?.[1]
        : undefined,
    meta,
  )
}

const refused = () => new GatewayError('invalid_request', ACCEPTED)
