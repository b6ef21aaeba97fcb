import { describe, expect, test } from 'vitest'
import { type Guarded, mayChange, mayRead } from '../../src/identity/access.ts'
import type { Principal } from '../../src/identity/principal.ts'

const principal = (kind: Principal['kind'], id: string, ...roles: ('admin' | 'reviewer')[]): Principal => ({
  id,
  kind,
  roles: new Set(roles),
})

const WHO = {
  stranger: undefined,
  owner: principal('user', 'ana'),
  other: principal('user', 'ben'),
  admin: principal('user', 'ada', 'admin'),
  reviewer: principal('user', 'rex', 'reviewer'),
  server: principal('server', 'shop'),
  'server of the same name': principal('server', 'ana'),
  'admin server': principal('server', 'jobs', 'admin'),
} as const

const everybody = Object.keys(WHO)
const signedIn = everybody.filter((who) => who !== 'stranger')
const trusted = ['owner', 'admin', 'reviewer', 'admin server']
const changing = ['owner', 'admin', 'admin server']

const allowed = (rule: typeof mayRead, thing: Guarded) =>
  Object.entries(WHO).flatMap(([who, principal]) => (rule(principal, thing) ? [who] : []))

describe('requirements: Files – access public, authenticated, private; ownership checked', () => {
  test.each([
    ['picture', 'public', everybody],
    ['picture', 'authenticated', signedIn],
    ['picture', 'private', trusted],
    ['document', 'public', trusted],
    ['document', 'authenticated', trusted],
    ['document', 'private', trusted],
  ] as const)('a %s that is %s: who reads it, and who changes it', (kind, access, readers) => {
    const thing = { kind, access, owner: 'ana' }
    expect(allowed(mayRead, thing)).toEqual(readers)
    expect(allowed(mayChange, thing)).toEqual(changing)
  })

  test('what nobody owns is changed by administrators only, and read by those with a role if it is private', () => {
    const thing = { kind: 'picture', access: 'private', owner: undefined } as const
    expect(allowed(mayRead, thing)).toEqual(['admin', 'reviewer', 'admin server'])
    expect(allowed(mayChange, thing)).toEqual(['admin', 'admin server'])
  })
})
