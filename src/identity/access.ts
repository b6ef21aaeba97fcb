import type { Access } from '../media/records.ts'
import type { Principal, Role } from './principal.ts'

/** What a record says of a thing that not everybody may have. */
export interface Guarded {
  readonly kind: 'picture' | 'document'
  /** Of a document it says nothing: all are private. */
  readonly access: Access
  /** A user's id; `undefined` where no record names one. */
  readonly owner: string | undefined
}

type Reader = 'anybody' | 'signed-in' | 'owner' | Role

const PRIVATE: readonly Reader[] = ['owner', 'admin', 'reviewer']

/** Who may read what. */
const READERS: Readonly<Record<Guarded['kind'], Readonly<Record<Access, readonly Reader[]>>>> = {
  picture: { public: ['anybody'], authenticated: ['signed-in'], private: PRIVATE },
  document: { public: PRIVATE, authenticated: PRIVATE, private: PRIVATE },
}

/** Who may change what: the same for every kind and every access. */
const CHANGERS: readonly Reader[] = ['owner', 'admin']

/** Whether somebody may read a thing; `undefined` is somebody who has not said who they are. */
export function mayRead(principal: Principal | undefined, thing: Guarded): boolean {
  return isAmong(READERS[thing.kind][thing.access], principal, thing)
}

/** Whether somebody may change, replace or delete a thing. */
export function mayChange(principal: Principal | undefined, thing: Guarded): boolean {
  return isAmong(CHANGERS, principal, thing)
}

function isAmong(
  readers: readonly Reader[],
  principal: Principal | undefined,
  { owner }: Pick<Guarded, 'owner'>,
): boolean {
  return readers.some((reader) => {
    if (reader === 'anybody') return true
    if (principal === undefined) return false
    if (reader === 'signed-in') return true
    // A server may have the name that a user has as an id: it owns nothing.
    if (reader === 'owner') return principal.kind === 'user' && principal.id === owner
    return principal.roles.has(reader)
  })
}
