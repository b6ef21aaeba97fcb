import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hono } from 'hono'
import type { BrowserContext, Page } from 'playwright-core'
import { demoPage } from '../../src/running/demo-page.ts'
import { identityOptionsOf } from '../../src/composition/identity.ts'
import { createTransport, type Transport } from '../../src/composition/transport.ts'
import { parseConfig } from '../../src/config.ts'
import type { AppEnv } from '../../src/http/env.ts'
import { listen } from '../../src/http/server.ts'
import { mintToken } from '../../src/identity/tokens.ts'
import { corsRule } from '../../src/setup/plan.ts'
import { createBucketAdministration } from '../../src/storage/bucket-administration.ts'
import type { S3ObjectStore } from '../../src/storage/s3-object-store.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { createS3Presigner } from '../../src/transfers/s3-presigner.ts'
import { TOKEN_SECRET } from '../support/api.ts'
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts'
import { createTestGateway } from '../support/gateway.ts'
import { openOrigin } from '../support/program.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'

/** A page with nothing but an input; what its uploads tell is gathered for the test. */
const testPage = (token: string) => `<!doctype html><title>test</title><input id="files" type="file" multiple>
<script type="module">
  import { createUploader } from '/halftone.js'
  window.createUploader = createUploader
  window.told = []
  window.uploads = []
  window.outcomes = []
  window.begin = (options) => {
    window.uploader = createUploader({ token: () => '${token}', retryDelayMs: 20, ...options })
    window.uploader.watch(document.querySelector('#files'), (files) => {
      for (const file of files) {
        const onProgress = (progress) => window.told.push({ name: file.name, ...progress })
        const upload = window.uploader.upload(file, { kind: 'item-photo', ownerId: '42' }, { onProgress })
        const index = window.uploads.push(upload) - 1
        upload.result.then(
          (result) => { window.outcomes[index] = { result } },
          ({ code, detail, status }) => { window.outcomes[index] = { code, detail, status } },
        )
      }
    })
  }
</script>`

/** What the test page has gathered of one change. */
export interface Told {
  readonly name: string
  readonly state: string
  readonly sentBytes: number
  readonly totalBytes: number
}

/** How an upload of the test page ended. */
export interface Outcome {
  readonly result?: { readonly photo: { readonly urls: Record<string, string>; readonly bytes: number } }
  readonly code?: string
  readonly detail?: string
}

/** How tickets are made from now on. */
interface TicketChoices {
  /** How a small file is asked for. */
  method: 'POST' | 'PUT'
  /** Signed with credentials that the bucket does not take any more: temporary ones end before a ticket does. */
  areOutlived: boolean
}

export interface Stage {
  readonly tickets: TicketChoices
  /** Of the user who uploads, and one that is not accepted any more. */
  readonly token: string
  readonly staleToken: string
  /** Between browser and gateway. */
  readonly gateway: FaultyProxy
  /** Between browser and bucket. */
  readonly bucket: FaultyProxy
  readonly store: S3ObjectStore
  /** Keys of files that were not completed, and of uploads in parts. */
  leftovers(): Promise<string[]>
  /** A file on disk, so that it is the same one after a reload. */
  file(name: string, bytes: Uint8Array): string
  close(): Promise<void>
}

/** A whole gateway with its demo page on the origin, both behind proxies that can fail. */
export async function createStage(): Promise<Stage> {
  const origin = await startOrigin()
  const bucket = await startFaultyProxy(origin.url)
  await allowUploads(origin)
  const store = openOrigin(origin)
  const environment = environmentWith(bucket.url)
  const tickets: TicketChoices = { method: 'POST', areOutlived: false }
  const transport = createSteeredTransport({ origin, store, environment, tickets })
  const halftone = await createTestGateway({ store, transport, environment, demoPage })
  const token = await tokenFor(environment, 3_600_000)
  const server = await listen(withTestPage(halftone.app, token), { host: '127.0.0.1', port: 0 })
  const gateway = await startFaultyProxy(server.url)
  const dir = mkdtempSync(join(tmpdir(), 'halftone-browser-'))
  return {
    tickets,
    token,
    staleToken: await tokenFor(environment, -3_600_000),
    gateway,
    bucket,
    store,
    async leftovers() {
      const keys: string[] = []
      for await (const { key } of store.list('temp/')) keys.push(key)
      for await (const { key } of transport.multiparts.pending('')) keys.push(key)
      return keys
    },
    file(name, bytes) {
      writeFileSync(join(dir, name), bytes)
      return join(dir, name)
    },
    async close() {
      rmSync(dir, { recursive: true })
      await gateway.close()
      await bucket.close()
      await server.close(0)
      await halftone.close()
      store.close()
      await origin.stop()
    },
  }
}

type Environment = Readonly<Record<string, string>>

const environmentWith = (bucketUrl: string): Environment => ({
  HALFTONE_S3_PUBLIC_ENDPOINT: bucketUrl,
  HALFTONE_JWT_SECRETS: TOKEN_SECRET,
  HALFTONE_ITEM_PHOTO_MAX_MB: '20',
  HALFTONE_ITEM_PHOTOS_MAX: '100',
  HALFTONE_LIMIT_TICKETS: '0',
  HALFTONE_LIMIT_COMPLETES: '0',
})

async function allowUploads(origin: RunningOrigin): Promise<void> {
  const administration = createBucketAdministration({ ...accessTo(origin), bucket: origin.bucket })
  await administration.cors.put([corsRule(['*'])])
  administration.close()
}

const accessTo = ({ url, accessKeyId, secretAccessKey }: RunningOrigin) => ({
  region: 'us-east-1',
  endpoint: url,
  credentials: { accessKeyId, secretAccessKey },
  forcePathStyle: true,
})

interface Steered {
  readonly origin: RunningOrigin
  readonly store: S3ObjectStore
  readonly environment: Environment
  readonly tickets: TicketChoices
}

/** The transport of the bucket, whose tickets are as the test chooses. */
function createSteeredTransport({ origin, store, environment, tickets }: Steered): Transport {
  const config = parseConfig(environment)
  const transport = createTransport(config, createLog('silent'), store)
  const ended = openOrigin({ ...origin, accessKeyId: 'ended' })
  const outlived = createS3Presigner(ended.bucket, config.HALFTONE_S3_PUBLIC_ENDPOINT)
  const presigner = () => (tickets.areOutlived ? outlived : transport.presigner)
  return {
    ...transport,
    abilities: async () => {
      const abilities = await transport.abilities()
      return { ...abilities, forms: abilities.forms && tickets.method === 'POST' }
    },
    presigner: {
      form: (what) => presigner().form(what),
      put: (what) => presigner().put(what),
      part: (what) => presigner().part(what),
      get: (what) => presigner().get(what),
    },
  }
}

function tokenFor(environment: Environment, lifeMs: number): Promise<string> {
  const expiresAt = new Date(Date.now() + lifeMs)
  return mintToken(identityOptionsOf(parseConfig(environment)), { user: 'ana', roles: [], expiresAt })
}

function withTestPage(gateway: Hono<AppEnv>, token: string): Hono<AppEnv> {
  const app = new Hono<AppEnv>()
  app.get('/test', (c) => c.html(testPage(token)))
  app.all('*', (c) => gateway.fetch(c.req.raw, c.env))
  return app
}

/** The test page with an uploader of these options, as a JavaScript object. */
export async function openTestPage(context: BrowserContext, url: string, options = '{}'): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${url}/test`)
  await page.evaluate(`begin(${options})`)
  return page
}

/** How the uploads of the test page end, once so many have. */
export async function outcomesOf(page: Page, count: number): Promise<Outcome[]> {
  await page.waitForFunction(`Object.keys(outcomes).length === ${count}`)
  return page.evaluate<Outcome[]>('outcomes')
}

/** Waits until the first upload of the page has sent so many bytes. */
export async function sent(page: Page, bytes: number): Promise<void> {
  await page.waitForFunction(`told.some(({ sentBytes }) => sentBytes >= ${bytes})`)
}
