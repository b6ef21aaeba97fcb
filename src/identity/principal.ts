/** Who asks. */
export interface Principal {
  /** A user's id (`sub` of the token), or the name of an API key. */
  readonly id: string
  readonly kind: 'user' | 'server'
  readonly roles: ReadonlySet<Role>
}

/** `admin` may do everything; `reviewer` may read verification documents and private pictures. */
export const ROLES = ['admin', 'reviewer'] as const
export type Role = (typeof ROLES)[number]

/** Tells who asks by what a request says of itself. */
export interface Identity {
  /**
   * Who the value of an `Authorization` header speaks for; `undefined` when there is none. Throws `token_invalid` when
   * what it says is not true or not understood.
   */
  authenticate(authorization: string | undefined): Promise<Principal | undefined>
}
