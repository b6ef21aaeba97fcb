import { setTimeout as pause } from 'node:timers/promises'
import { Agent, request } from 'undici'

/** What came back: the status, and the body where it is no picture. */
export interface Reply {
  readonly status: number
  readonly text: string
}

interface Member {
  readonly url: string
  readonly agent: Agent
  isReady: boolean
}

const CHECK_MS = 20

/**
 * A load balancer in little: keeps connections open until it is told otherwise, asks each replica all the time whether
 * it is ready, and sends new requests only to those that are. It never tries a request twice.
 */
export function createBalancer() {
  const members = new Map<string, Member>()
  const checking = new Set<Promise<void>>()
  let turn = 0

  async function check(member: Member): Promise<void> {
    while (members.get(member.url) === member) {
      try {
        const { statusCode, body } = await request(`${member.url}/readyz`, { dispatcher: member.agent })
        await body.dump()
        member.isReady = statusCode === 200
      } catch {
        // Nobody is there: as good as not ready.
        member.isReady = false
      }
      await pause(CHECK_MS)
    }
  }

  return {
    add(url: string): void {
      const member = { url, agent: new Agent({ connections: 64 }), isReady: false }
      members.set(url, member)
      const run = check(member).finally(() => checking.delete(run))
      checking.add(run)
    },
    /** How many get requests. */
    ready: () => [...members.values()].filter(({ isReady }) => isReady).length,
    async send(path: string, options: Parameters<typeof request>[1] = {}): Promise<Reply> {
      const ready = [...members.values()].filter(({ isReady }) => isReady)
      turn += 1
      const member = ready[turn % ready.length]
      if (member === undefined) throw new Error('No replica is ready')
      const { statusCode, body } = await request(`${member.url}${path}`, {
        ...options,
        dispatcher: member.agent,
      })
      const bytes = Buffer.from(await body.arrayBuffer())
      return { status: statusCode, text: bytes.toString('utf8', 0, 2_000) }
    },
    async close(): Promise<void> {
      const agents = [...members.values()].map(({ agent }) => agent)
      members.clear()
      await Promise.all(checking)
      await Promise.all(agents.map(async (agent) => agent.close()))
    },
  }
}
