import type { AuditEntry, AuditTrail } from '../audit/audit.ts'
import { GatewayError } from '../errors.ts'
import type { Source } from '../sources/source.ts'
import type { SourcePath } from '../urls/image-request.ts'
import { ownerAbove } from '../urls/source-path.ts'
import type { Visitor } from '../variants/visitor.ts'
import { mayRead } from './access.ts'
import type { AccessGrant, AccessLinks } from './access-links.ts'
import type { Identity, Principal } from './principal.ts'

export interface VisitorsOptions {
  readonly identity: Identity
  readonly links: AccessLinks
  /** Where readings and refusals are written down before they are answered; without it nowhere. */
  readonly audit?: AuditTrail | undefined
}

/** What a request for a picture says of whoever sends it. */
export interface Visit {
  readonly authorization: string | undefined
  /** What the query of the URL grants. */
  readonly grant: AccessGrant | undefined
  /** What the cookie grants: all pictures of one item or user. */
  readonly cookie?: AccessGrant | undefined
  readonly requestId: string
  /** The client's address. */
  readonly address: string | undefined
  /** Called with the public source that the answer, whatever it becomes, is about. */
  readonly onFound?: ((source: Source) => void) | undefined
  /** Called when the answer, whatever it becomes, depends on who asks. */
  readonly onRestricted: () => void
  /** Called before a picture is made for them that is not public; throws when they have had too many made. */
  readonly beforeRender?: ((principal: string | undefined) => Promise<void>) | undefined
}

/** Whoever sends a request for a picture. */
export function createVisitor(options: VisitorsOptions, visit: Visit): Visitor {
  return new RequestVisitor(options, visit)
}

class RequestVisitor implements Visitor {
  readonly #options: VisitorsOptions
  readonly #visit: Visit
  readonly #recorded = new Set<string>()
  #principal: string | undefined

  constructor(options: VisitorsOptions, visit: Visit) {
    this.#options = options
    this.#visit = visit
  }

  async admit(source: Source | undefined, asked: SourcePath): Promise<Source> {
    const { authorization, grant, cookie, onRestricted } = this.#visit
    // Also of what is not there: whoever shows credentials gets an answer of their own.
    if ([grant, cookie, authorization].some((shown) => shown !== undefined)) onRestricted()
    if (source !== undefined && this.#check(source.at) === 'valid') {
      return this.#letIn(source, { principal: undefined, detail: 'link' })
    }
    if (source !== undefined && this.#isOpenedByCookie(source.at)) {
      return this.#letIn(source, { principal: undefined, detail: 'cookie' })
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

  meet(source: Source): void {
    this.#visit.onFound?.(source)
  }

  async beforeRender(): Promise<void> {
    await this.#visit.beforeRender?.(this.#principal)
  }

  #check({ path }: SourcePath): 'valid' | 'expired' | 'forged' {
    const { grant } = this.#visit
    return grant === undefined ? 'forged' : this.#options.links.check(grant, path)
  }

  /** Of a photo and of an exact key it is what they lie below; a profile is its own. */
  #isOpenedByCookie({ shape, path }: SourcePath): boolean {
    const { cookie } = this.#visit
    const owner = shape === 'profile' ? path : ownerAbove(path)?.path
    if (cookie === undefined || owner === undefined) return false
    return this.#options.links.checkAll(cookie, owner) === 'valid'
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
    this.#visit.onRestricted()
    this.#principal = who.principal
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
    const { requestId, address } = this.#visit
    await this.#options.audit?.record({ ...who, action, object: at.path, requestId, address })
  }
}

function guardOf({ access, owner }: Source) {
  return { kind: 'picture', access, owner } as const
}
