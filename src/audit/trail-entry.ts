import { z } from 'zod'

export const AUDIT_PREFIX = 'system/audit/'

/** What an entry may say that was done. */
export const AUDIT_ACTIONS = ['read', 'grant', 'refuse', 'create', 'change', 'delete'] as const

const trailEntry = z.object({
  /** When it was recorded, ISO 8601. */
  at: z.iso.datetime(),
  principal: z.string().optional(),
  action: z.enum(AUDIT_ACTIONS),
  object: z.string(),
  requestId: z.string().optional(),
  address: z.string().optional(),
  detail: z.string().optional(),
})

/** An entry as it stands in the bucket: a line of JSON. */
export type TrailEntry = z.infer<typeof trailEntry>

/** `yyyy/mm/dd/hh-mm-ss.mmmZ`: keys in the order of time, a folder a day. */
export function formatKeyTime(ms: number): string {
  const [day = '', time = ''] = new Date(ms).toISOString().split('T')
  return `${day.replaceAll('-', '/')}/${time.replaceAll(':', '-')}`
}

/** The entries of a batch; throws what JSON and zod throw when it cannot be understood. */
export function parseBatch(body: Buffer): TrailEntry[] {
  const lines = body.toString('utf8').split('\n')
  // Each line ends in a newline: whatever is behind the last one was cut off.
  if (lines.pop() !== '') throw new SyntaxError('The last line is cut off')
  return lines.map((line) => trailEntry.parse(JSON.parse(line)))
}
