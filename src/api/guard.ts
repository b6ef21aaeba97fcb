import type { Context } from 'hono'
import type { AuditEntry, AuditTrail } from '../audit/audit.ts'
import { GatewayError } from '../errors.ts'
import type { Access } from '../media/records.ts'
import { type Guarded, mayChange, mayRead } from '../identity/access.ts'
import type { Principal } from '../identity/principal.ts'
import { type ApiEnv, tokenMissing } from './env.ts'

/** What somebody wants to do something with. */
export interface Target extends Guarded {
  /** Its path, for the audit. */
  readonly object: string
}

type Action = Extract<AuditEntry['action'], 'read' | 'grant' | 'change' | 'delete' | 'create'>

/** Lets through who may, and keeps the audit of everything private: an entry is written before anything is done. */
export interface Guard {
  /**
   * Throws for who may not read, by the target's access or a narrower one. To them a private picture is `not_found`, as
   * if it were not there.
   */
  read(c: Context<ApiEnv>, target: Target, action: 'read' | 'grant', narrower?: Access): Promise<void>
  /** Throws for who may not change: `access_denied`, or `not_found` when they may not even see it. */
  change(c: Context<ApiEnv>, target: Target, action: Action, detail: string): Promise<void>
  /** Writes what happened with something private. */
  note(c: Context<ApiEnv>, action: Action, object: string, detail?: string): Promise<void>
}

/** Guards by the rule of `identity/access.ts`. */
export function createGuard(audit: AuditTrail): Guard {
  const record = (c: Context<ApiEnv>, entry: Pick<AuditEntry, 'action' | 'object' | 'detail'>) =>
    audit.record({
      principal: c.get('principal')?.id,
      requestId: c.get('requestId'),
      address: c.get('address'),
      ...entry,
    })
  return {
    async read(c, target, action, access = target.access) {
      const principal = c.get('principal')
      const { kind, object } = target
      if (kind === 'picture' && access === 'public') return
      if (mayRead(principal, { ...target, access })) return record(c, { action, object })
      await record(c, { action: 'refuse', object, detail: action })
      throw refusalOf(principal, target)
    },
    async change(c, target, action, detail) {
      const principal = c.get('principal')
      const { object, access } = target
      const isAllowed = mayChange(principal, target)
      if (access !== 'public') await record(c, { action: isAllowed ? action : 'refuse', object, detail })
      if (!isAllowed) throw refusalOf(principal, target)
    },
    note: (c, action, object, detail) => record(c, { action, object, detail }),
  }
}

/** What somebody is told who may not: no more than they may know. */
function refusalOf(principal: Principal | undefined, target: Target): GatewayError {
  const isSeen = target.kind === 'document' || mayRead(principal, target)
  if (principal !== undefined && isSeen) return new GatewayError('access_denied', 'You may not do this')
  if (isSeen || (principal === undefined && target.access === 'authenticated')) return tokenMissing()
  return new GatewayError('not_found', 'There is nothing here')
}

/** The ETag of a record: how often it has been changed. */
export const revisionEtag = (revision: number): string => `"r${revision}"`

const REVISION_ETAG = /^"r(\d{1,15})"$/

/** The one state of a record that a change is for, by its `If-Match`; `undefined` where any will do. */
export function wantedRevision(c: Context<ApiEnv>): number | undefined {
  const ifMatch = c.req.header('if-match')?.trim()
  if (ifMatch === undefined || ifMatch === '*') return undefined
  const [, revision] = REVISION_ETAG.exec(ifMatch) ?? []
  if (revision !== undefined) return Number(revision)
  throw new GatewayError('precondition_failed', 'header.If-Match: is the ETag of no record')
}
