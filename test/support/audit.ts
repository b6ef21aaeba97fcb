import type { AuditEntry, AuditTrail } from '../../src/audit/audit.ts'

/** A trail in memory, and what has been written into it since the last look. */
export function createMemoryAudit() {
  const entries: AuditEntry[] = []
  const trail: AuditTrail = {
    async record(entry) {
      entries.push(entry)
    },
  }
  return { trail, taken: () => entries.splice(0) }
}
