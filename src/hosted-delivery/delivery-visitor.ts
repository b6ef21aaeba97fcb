import type { AuditEntry } from '../audit/audit.ts'
import { GatewayError } from '../errors.ts'
import type { Visit, VisitorsOptions } from '../identity/visitor.ts'
import type { Source } from '../sources/source.ts'
import type { Visitor } from '../variants/visitor.ts'
import type { DeliveryPermission } from './delivery-signature.ts'

/**
 * Who may have an image that requires signed URLs: `anybody` in a variant that is always public, `nobody` by options of
 * their own, else whoever has a permission.
 */
export type DeliveryRight = 'anybody' | 'nobody' | DeliveryPermission

/**
 * Whoever asks for a hosted image: what lets them have a private one is in the URL, not in tokens, links or cookies. The
 * dialect has an answer of its own for those who may not: unlike elsewhere they learn that the image exists.
 */
export function createDeliveryVisitor(
  { audit }: Pick<VisitorsOptions, 'audit'>,
  visit: Visit,
  right: DeliveryRight,
): Visitor {
  const recorded = new Set<string>()

  /** Once for a request, however often it is decided in its course. */
  async function record(action: 'read' | 'refuse', { at }: Source, detail: string): Promise<void> {
    if (recorded.has(at.path)) return
    recorded.add(at.path)
    const { requestId, address } = visit
    const entry: AuditEntry = { action, principal: undefined, detail, object: at.path, requestId, address }
    await audit?.record(entry)
  }

  return {
    async admit(source) {
      if (source === undefined) throw new GatewayError('source_not_found', 'There is no such image')
      if (right === 'anybody') {
        visit.onFound?.(source)
        return source
      }
      visit.onRestricted()
      const verdict = right === 'nobody' ? right : right.verdict
      if (verdict === 'valid') {
        await record('read', source, 'signature')
        return source
      }
      await record('refuse', source, verdict)
      throw new GatewayError('access_denied', REFUSALS[verdict])
    },
    meet: (source) => visit.onFound?.(source),
    beforeRender: async () => visit.beforeRender?.(undefined),
  }
}

const REFUSALS = {
  nobody: 'An image that requires signed URLs is delivered in named variants only',
  missing: 'This image requires a signed URL: sig is missing',
  forged:
    'sig: has to be the hexadecimal HMAC-SHA-256, by a key of the account, of the path with all of the query but sig',
  expired: 'This URL has expired: ask for a new one',
} as const
