import { createTransport } from '../../src/composition/transport.ts'
import { parseConfig } from '../../src/config.ts'
import { listen } from '../../src/http/server.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { createTestGateway } from '../support/gateway.ts'
import { encode, photo } from '../support/pictures.ts'
import { environmentOf, openOrigin } from '../support/program.ts'
import { startOrigin } from '../support/s3-server.ts'

export const ACCOUNT = '023e105f4ecef8ad9ca31a8372d0c353'
export const HASH = 'Vi7wi5KSItxGFsWRG2Us6Q'
export const ADMIN_KEY = 'hk_a-server-that-may-all-0123456789abcdef'
export const SHOP_KEY = 'hk_a-server-of-the-shop-0123456789abcdef'
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** A whole gateway with hosted images, over sockets, on an origin of its own. */
export async function startHosted(environment: Readonly<Record<string, string>> = {}) {
  const origin = await startOrigin()
  const store = openOrigin(origin)
  const settings = {
    ...environmentOf(origin),
    HALFTONE_LOG_LEVEL: 'silent',
    HALFTONE_CLOUDFLARE_ACCOUNT: ACCOUNT,
    HALFTONE_CLOUDFLARE_ACCOUNT_HASH: HASH,
    HALFTONE_API_KEYS: `back-office:admin:${ADMIN_KEY},shop::${SHOP_KEY}`,
    HALFTONE_JWT_SECRETS: 'a secret for tests that is long enough for HS256',
    HALFTONE_ITEM_PHOTO_PRESETS: '',
    HALFTONE_LIMIT_COMPLETES: '0',
    ...environment,
  }
  const config = parseConfig(settings)
  const transport = createTransport(config, createLog('silent'), store)
  // The other servers of these tests run on this machine.
  const allowAddress = (address: string) => address === '127.0.0.1'
  const gateway = await createTestGateway({ store, transport, allowAddress, environment: settings })
  const server = await listen(gateway.app, { host: '127.0.0.1', port: 0 })
  const base = `${server.url}/client/v4/accounts/${ACCOUNT}/images`

  async function call(line: string, body?: unknown, token: string | undefined = ADMIN_KEY) {
    const [method = 'GET', path = ''] = line.split(' ')
    const isForm = body instanceof FormData
    const answer = await fetch(path.startsWith('http') ? path : `${base}${path}`, {
      method,
      headers: {
        ...(token !== '' && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && !isForm && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
    })
    const json: Envelope = JSON.parse(await answer.text())
    return { status: answer.status, headers: answer.headers, ...json }
  }

  return {
    base,
    url: server.url,
    store,
    gateway,
    call,
    async close() {
      await server.close(1_000)
      await gateway.close()
      store.close()
      await origin.stop()
    },
  }
}

export type Hosted = Awaited<ReturnType<typeof startHosted>>

/** What every answer of the API is. */
export interface Envelope {
  // The fields depend on the route; tests say what they expect.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly result: any
  readonly result_info: unknown
  readonly success: boolean
  readonly errors: readonly { readonly code: number; readonly message: string }[]
  readonly messages: readonly unknown[]
}

export const jpeg = async (width = 64): Promise<Uint8Array<ArrayBuffer>> =>
  Uint8Array.from(await encode(photo(width, 48), 'jpg'))

/** A form of these fields and, where there is one, a file. */
export function formOf(
  fields: Readonly<Record<string, string>>,
  file?: Uint8Array<ArrayBuffer>,
  { name = 'a.jpg', field = 'file' } = {},
): FormData {
  const form = new FormData()
  if (file !== undefined) form.append(field, new Blob([file]), name)
  for (const [key, value] of Object.entries(fields)) form.append(key, value)
  return form
}
