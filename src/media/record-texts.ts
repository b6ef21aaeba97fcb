/** A record's JSON, and every text in it: a later release may name files in places of its own. */
export interface RecordTexts {
  readonly value: unknown
  readonly texts: ReadonlySet<string>
}

/** Reads the JSON of a record; `undefined` when it is none. */
export function parseRecordTexts(body: Buffer): RecordTexts | undefined {
  const texts = new Set<string>()
  try {
    const value: unknown = JSON.parse(body.toString('utf8'), (_, value: unknown) => {
      if (typeof value === 'string') texts.add(value)
      return value
    })
    return { value, texts }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
