import type { Context } from 'hono'
import type { AuditEntry, AuditTrail } from '../audit/audit.ts'
import { GatewayError } from '../errors.ts'
import { mayRead } from '../identity/access.ts'
import type { AccessGrant, AccessLinks } from '../identity/access-links.ts'
import type { Identity, Principal } from '../identity/principal.ts'
import type { Source } from '../sources/source.ts'
import type { SourcePath } from '../urls/image-request.ts'
import type { Visitor } from '../variants/visitor.ts'
import type { AppEnv } from './env.ts'

export interface VisitorsOptions {
  readonly identity: Identity
  readonly links: AccessLinks
  /** Where readings and refusals are written down before they are answered; without it nowhere. */
  readonly audit?: AuditTrail | undefined
}

/** Whoever sends a request for a picture, by the grant in its query and its `Authorization`. */
export function createVisitor(
  options: VisitorsOptions,
  c: Context<AppEnv>,
  grant: AccessGrant | undefined,
): Visitor {
  return new RequestVisitor(options, c, grant)
}

class RequestVisitor implements Visitor {
  readonly #options: VisitorsOptions
  readonly #c: Context<AppEnv>
  readonly #grant: AccessGrant | undefined
  readonly #recorded = new Set<string>()

  constructor(options: VisitorsOptions, c: Context<AppEnv>, grant: AccessGrant | undefined) {
    this.#options = options
    this.#c = c
    this.#grant = grant
  }

  async admit(source: Source | undefined, asked: SourcePath): Promise<Source> {
    const authorization = this.#c.req.header('authorization')
    // Also of what is not there: whoever shows credentials gets an answer of their own.
    if (this.#grant !== undefined || authorization !== undefined) this.#c.set('restricted', true)
    if (source !== undefined && this.#check(source.at) === 'valid') {
      return this.#letIn(source, { principal: undefined, detail: 'link' })
    }
    const principal = await this.#identify(authorization, source)
    if (source !== undefined && mayRead(principal, guardOf(source))) {
      return this.#letIn(source, { principal: principal?.id })
    }
    await this.#refuse(source, { principal: principal?.id })
    // By the path that was asked for, so that it is said of what is not there as well.
    if (this.#check(asked) === 'expired') {
      throw new GatewayError('access_denied', 'This link has expired: ask for a new one')
    }
    throw new GatewayError('source_not_found', 'There is no such picture')
  }

  #check({ path }: SourcePath): 'valid' | 'expired' | 'forged' {
    return this.#grant === undefined ? 'forged' : this.#options.links.check(this.#grant, path)
  }

  async #identify(
    authorization: string | undefined,
    source: Source | undefined,
  ): Promise<Principal | undefined> {
    try {
      return await this.#options.identity.authenticate(authorization)
    } catch (error) {
      if (error instanceof GatewayError)
        await this.#refuse(source, { principal: undefined, detail: error.code })
      throw error
    }
  }

  async #letIn(source: Source, who: Pick<AuditEntry, 'principal' | 'detail'>): Promise<Source> {
    this.#c.set('restricted', true)
    await this.#record('read', source, who)
    return source
  }

  async #refuse(source: Source | undefined, who: Pick<AuditEntry, 'principal' | 'detail'>): Promise<void> {
    if (source !== undefined) await this.#record('refuse', source, who)
  }

  /** Once for a request, however often it is decided in its course. */
  async #record(
    action: 'read' | 'refuse',
    { at }: Source,
    who: Pick<AuditEntry, 'principal' | 'detail'>,
  ): Promise<void> {
    const name = `${action} ${at.path}`
    if (this.#recorded.has(name)) return
    this.#recorded.add(name)
    await this.#options.audit?.record({
      ...who,
      action,
      object: at.path,
      requestId: this.#c.get('requestId'),
      address: this.#c.env?.incoming?.socket?.remoteAddress,
    })
  }
}

function guardOf({ access, owner }: Source) {
  return { kind: 'picture', access, owner } as const
}
