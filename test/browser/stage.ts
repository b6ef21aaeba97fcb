import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hono } from 'hono'
import type { BrowserContext, Page } from 'playwright-core'
import { createBrowserFiles } from '../../src/pages/browser-files.ts'
import type { AppEnv } from '../../src/http/env.ts'
import { samplesPage } from '../../src/http/samples-page.ts'
import { listen } from '../../src/http/server.ts'
import { corsRule } from '../../src/setup/plan.ts'
import { createBucketAdministration } from '../../src/storage/bucket-administration.ts'
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts'
import { createTestGateway } from '../support/gateway.ts'
import { openOrigin } from '../support/program.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'
import { createUploadTwin, TOKEN, type UploadTwin } from '../support/upload-twin.ts'

/** A page with nothing but an input; what its uploads tell is gathered for the test. */
const TEST_PAGE = `<!doctype html><title>test</title><input id="files" type="file" multiple>
<script type="module">
  import { createUploader } from '/halftone.js'
  window.createUploader = createUploader
  window.told = []
  window.uploads = []
  window.outcomes = []
  window.begin = (options) => {
    window.uploader = createUploader({ token: () => '${TOKEN}', retryDelayMs: 20, ...options })
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

export interface Stage {
  readonly twin: UploadTwin
  /** Between browser and API. */
  readonly gateway: FaultyProxy
  /** Between browser and bucket. */
  readonly bucket: FaultyProxy
  /** A file on disk, so that it is the same one after a reload. */
  file(name: string, bytes: Uint8Array): string
  close(): Promise<void>
}

/** A bucket, a gateway that renders, and the endpoints of uploads, each behind a proxy that can fail. */
export async function createStage(): Promise<Stage> {
  const origin = await startOrigin()
  const bucket = await startFaultyProxy(origin.url)
  const administration = createBucketAdministration({ ...accessTo(origin), bucket: origin.bucket })
  await administration.cors.put([corsRule(['*'])])
  administration.close()
  const twin = createUploadTwin(origin, bucket.url)
  const store = openOrigin(origin)
  const halftone = await createTestGateway({ store })
  const server = await listen(appOf(twin, halftone.app, bucket.url), { host: '127.0.0.1', port: 0 })
  const gateway = await startFaultyProxy(server.url)
  const dir = mkdtempSync(join(tmpdir(), 'halftone-browser-'))
  return {
    twin,
    gateway,
    bucket,
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
      twin.close()
      store.close()
      await origin.stop()
    },
  }
}

const accessTo = ({ url, accessKeyId, secretAccessKey }: RunningOrigin) => ({
  region: 'us-east-1',
  endpoint: url,
  credentials: { accessKeyId, secretAccessKey },
  forcePathStyle: true,
})

function appOf(twin: UploadTwin, images: Hono<AppEnv>, bucketUrl: string): Hono<AppEnv> {
  const app = new Hono<AppEnv>()
  app.route('/', createBrowserFiles({ dir: 'dist/browser', hasDemo: true }))
  app.get('/test', (c) => c.html(TEST_PAGE))
  const upload = { demoToken: async () => TOKEN, itemId: 'demo-upload', bucketOrigin: bucketUrl }
  app.get('/', samplesPage({ title: 'Demo', list: async () => [], upload }))
  app.all('/img/*', (c) => images.fetch(c.req.raw, c.env))
  app.route('/', twin.app)
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
