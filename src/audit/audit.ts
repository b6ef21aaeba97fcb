/** One thing that somebody did, or was refused, with something private. */
export interface AuditEntry {
  /** `undefined` for somebody who has not said who they are. */
  readonly principal: string | undefined
  readonly action: 'read' | 'grant' | 'refuse' | 'create' | 'change' | 'delete'
  /** The path or key of what it was done with. */
  readonly object: string
  readonly requestId?: string | undefined
  /** The client's address. */
  readonly address?: string | undefined
  /** Why it was refused, or what was changed. */
  readonly detail?: string | undefined
}

/** What happened to private things: written once, never changed. */
export interface AuditTrail {
  /** Resolves when the entry is in the bucket: nobody is answered before. Throws what an `ObjectStore` throws. */
  record(entry: AuditEntry): Promise<void>
}
