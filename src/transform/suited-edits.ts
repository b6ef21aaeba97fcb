import type { Edits } from './edits.ts'
import type { EditedSize, OutputFormat, TransformSpec } from './spec.ts'

/** The formats that an edit makes a difference in, where it does not in all. */
const FORMATS_OF: ReadonlyMap<string, readonly OutputFormat[]> = new Map<
  keyof Edits,
  readonly OutputFormat[]
>([
  ['quality', ['avif', 'webp', 'jpg', 'png']],
  ['baseline', ['jpg']],
  ['still', ['webp', 'gif']],
  ['metadata', ['jpg']],
])

/** What is asked for in this format, without the edits that make no difference in it. */
export function inFormat({ edits, ...size }: EditedSize, format: OutputFormat): TransformSpec {
  const suited: Edits = Object.fromEntries(
    Object.entries(edits ?? {}).filter(([name]) => FORMATS_OF.get(name)?.includes(format) ?? true),
  )
  return { ...size, ...(Object.keys(suited).length > 0 && { edits: suited }), format }
}
