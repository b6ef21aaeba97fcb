import { lookup as lookupBySystem } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { Agent, buildConnector, type Dispatcher } from 'undici'
import { GatewayError } from '../errors.ts'
import { isPublicAddress } from './public-address.ts'

export interface AgentsOptions {
  readonly connectTimeoutMs: number
  /** Which addresses may be connected to; by default those of the public internet. */
  readonly allowAddress?: ((address: string) => boolean) | undefined
  /** What tells the addresses of a name; by default the system. */
  readonly lookup?: LookupFunction | undefined
}

/** What fetches: one for all the world, one for the site that the operator has named. */
export interface Agents {
  readonly guarded: Dispatcher
  readonly trusting: Dispatcher
  close(): void
}

/** Connections to one server at once. */
const CONNECTIONS = 32

/** Connects to nothing yet. */
export function createAgents(options: AgentsOptions): Agents {
  const { connectTimeoutMs: timeout, allowAddress = isPublicAddress, lookup = lookupBySystem } = options
  const common = { connections: CONNECTIONS, pipelining: 1 }
  const connect = guard(allowAddress, buildConnector({ timeout, lookup: guardLookup(allowAddress, lookup) }))
  const guarded = new Agent({ ...common, connect })
  const trusting = new Agent({ ...common, connect: { timeout, lookup } })
  return {
    guarded,
    trusting,
    close() {
      for (const agent of [guarded, trusting]) agent.destroy(() => {})
    },
  }
}

/** An address that stands in the URL is never looked up; and what is connected to in the end is looked at, too. */
function guard(
  allows: (address: string) => boolean,
  connect: buildConnector.connector,
): buildConnector.connector {
  return function connectGuarded(options, callback) {
    if (isIP(options.hostname) !== 0 && !allows(options.hostname)) return callback(refusal(), null)
    connect(options, (...[error, socket]) => {
      if (error !== null) return callback(error, null)
      if (allows(socket.remoteAddress ?? '')) return callback(null, socket)
      socket.destroy()
      callback(refusal(), null)
    })
  }
}

/**
 * Checks the very addresses that the socket is about to be given: what the name means a moment later does not matter.
 * A name that means a forbidden address beside others is refused altogether.
 */
function guardLookup(allows: (address: string) => boolean, lookup: LookupFunction): LookupFunction {
  return function lookupGuarded(hostname, options, callback) {
    lookup(hostname, options, (error, address, family) => {
      if (error !== null) return callback(error, address, family)
      const addresses = typeof address === 'string' ? [address] : address.map((found) => found.address)
      if (addresses.length > 0 && addresses.every(allows)) return callback(null, address, family)
      callback(refusal(), address, family)
    })
  }
}

function refusal(): GatewayError {
  return new GatewayError('source_not_allowed', 'The server of the source is not on the public internet')
}
