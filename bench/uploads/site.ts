import { z } from 'zod'
import { mintToken } from '../../src/identity/tokens.ts'
import { createS3ObjectStore, type S3ObjectStore } from '../../src/storage/s3-object-store.ts'
import { type Child, startChild } from '../child.ts'
import type { SlowLineJob } from '../processes/jobs.ts'
import type { BenchGateway, Stage } from '../stage.ts'

/** A home connection: 30 ms there and back, 50 Mbit/s each way. */
const LINE = { delayMs: 15, bytesPerSecond: 50_000_000 / 8 }
/** Many at once take their time on such a line. */
const PATIENT = { headersTimeoutMs: 120_000, callTimeoutMs: 120_000 }
const SECRET = 'bench-has-no-secrets-worth-keeping'

/** A gateway with its API and a bucket, as a client at the other end of a slow line reaches them. */
export interface Site {
  readonly gateway: BenchGateway
  /** The gateway, over the line. */
  readonly url: string
  /** The bucket, over the line. */
  readonly bucket: S3ObjectStore
  /** A call of the API as a user; throws what the gateway says when it refuses. */
  call<Answer>(schema: z.ZodType<Answer>, path: string, init?: RequestInit): Promise<Answer>
  authorization: string
  close(): Promise<void>
}

/** Opens both lines and starts a gateway whose tickets name the line to the bucket. */
export async function openSite(stage: Stage, settings: Readonly<Record<string, string>> = {}): Promise<Site> {
  const lines: Child[] = []
  const openLine = async (target: string): Promise<string> => {
    const line = startChild('slow-line', stage.cores.load)
    lines.push(line)
    const job: SlowLineJob = { target, ...LINE }
    const { url } = await line.ask(job, z.object({ url: z.url() }))
    return url
  }
  const bucketUrl = await openLine(stage.bucket.endpoint)
  const gateway = await stage.startGateway({
    HALFTONE_SOURCES: 'items/',
    HALFTONE_S3_PUBLIC_ENDPOINT: bucketUrl,
    HALFTONE_JWT_SECRETS: SECRET,
    HALFTONE_LIMIT_TICKETS: '0',
    HALFTONE_LIMIT_COMPLETES: '0',
    ...settings,
  })
  const url = await openLine(gateway.url)
  const bucket = createS3ObjectStore({ ...stage.bucket, endpoint: bucketUrl, ...PATIENT })
  const identity = { secrets: [SECRET], audience: 'halftone', rolesClaim: 'roles', apiKeys: [] }
  const expiresAt = new Date(Date.now() + 3_600_000)
  const token = await mintToken(identity, { user: 'bench', roles: [], expiresAt })
  const authorization = `Bearer ${token}`
  return {
    gateway,
    url,
    bucket,
    authorization,
    async call(schema, path, init = {}) {
      const headers = new Headers(init.headers)
      headers.set('authorization', authorization)
      const answer = await fetch(`${url}/api/v1${path}`, { ...init, headers })
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
      return schema.parse(await answer.json())
    },
    async close() {
      bucket.close()
      await gateway.stop()
      await Promise.all(lines.map((line) => line.stop()))
    },
  }
}
