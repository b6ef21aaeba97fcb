import { randomBytes } from 'node:crypto'
import type { Context, Hono } from 'hono'
import { z } from 'zod'
import { type ApiEnv, principalOf } from '../api/env.ts'
import { GatewayError } from '../errors.ts'
import { variantOf } from '../hosted/account.ts'
import type { HostedParts } from './api.ts'
import { checked, envelope, jsonOf } from './envelope.ts'
import {
  type HostedVariant,
  type HostedVariantOptions,
  VARIANT_FITS,
  VARIANT_METADATA,
} from '../hosted/hosted-images.ts'
import type { AccountRecord } from '../hosted/records.ts'

const MAX_VARIANTS = 100
const MAX_KEYS = 10
/** The variant that is always there, and the key that is made when there is none. */
const [PUBLIC, DEFAULT] = ['public', 'default']
const TTL = 'accepted is a whole number of seconds from 3600 to 31536000'
const SIDE = 'accepted is a whole number of pixels from 1 to 12000'
// What is read back as an object has no field of this one name.
const NAME = 'accepted are 1 to 99 of A-Z a-z 0-9 _ -, but for __proto__'

const name = z.string({ error: NAME }).regex(/^(?!__proto__$)[A-Za-z0-9_-]{1,99}$/, NAME)
const seconds = z.int({ error: TTL }).min(3600, TTL).max(31_536_000, TTL)
const side = z.int({ error: SIDE }).min(1, SIDE).max(12_000, SIDE)
const oneOf = <T extends readonly string[]>(choices: T) =>
  z.enum(choices, { error: `accepted is one of ${choices.join(', ')}` })

const options = z.strictObject({
  fit: oneOf(VARIANT_FITS).optional(),
  metadata: oneOf(VARIANT_METADATA).optional(),
  width: side.optional(),
  height: side.optional(),
  blur: z.number().min(0).max(250, 'accepted is a number from 0 to 250').optional(),
  browser_ttl: seconds.optional(),
})
const flag = z.boolean({ error: 'accepted is true or false' })
const newVariant = z.strictObject({ id: name, options, neverRequireSignedURLs: flag.default(false) })
const variantChange = newVariant.partial().extend({ neverRequireSignedURLs: flag.optional() })
const config = z.strictObject({ flexible_variants: flag.optional(), browser_ttl: seconds.optional() })

/** What holds for all images: variants, keys and the rest. */
export function addAccountRoutes(app: Hono<ApiEnv>, parts: HostedParts): void {
  addVariantReading(app, parts)
  addVariantChanges(app, parts)
  addKeys(app, parts)
  addConfig(app, parts)
}

function addVariantReading(app: Hono<ApiEnv>, { account }: HostedParts): void {
  app.get('/v1/variants', async (c) => {
    const state = await account.current()
    const all = Object.keys(state.variants).flatMap((id) => variantOf(state, id) ?? [])
    return envelope(c, {
      variants: Object.fromEntries(all.map((variant) => [variant.id, showVariant(variant)])),
    })
  })

  app.get('/v1/variants/:id', async (c) =>
    envelope(c, { variant: showVariant(variantIn(await account.current(), c.req.param('id'))) }),
  )
}

function addVariantChanges(app: Hono<ApiEnv>, { account, forgettingVariant }: HostedParts): void {
  app.post('/v1/variants', async (c) => {
    const { id, options: asked, neverRequireSignedURLs } = await jsonOf(c, newVariant)
    const made = { options: readOptions(asked), neverRequireSignedUrls: neverRequireSignedURLs }
    const state = await account.edit((before) => {
      const there = variantOf(before, id)
      // Whoever has lost the answer asks for the same once more.
      if (there !== undefined && isSame(there, { id, ...made })) return before
      if (there !== undefined) throw new GatewayError('already_exists', `There is a variant ${id} already`)
      if (Object.keys(before.variants).length >= MAX_VARIANTS)
        throw new GatewayError('limit_reached', `There are ${MAX_VARIANTS} variants at most`)
      return { ...before, variants: { ...before.variants, [id]: made } }
    })
    return envelope(c, { variant: showVariant(variantIn(state, id)) })
  })

  app.patch('/v1/variants/:id', async (c) => {
    const id = c.req.param('id')
    const { options: asked = {}, neverRequireSignedURLs } = await jsonOf(c, variantChange)
    const edit = async () =>
      account.edit((before) => {
        const { options: old, neverRequireSignedUrls } = variantIn(before, id)
        const changed = {
          options: readOptions(asked, old),
          neverRequireSignedUrls: neverRequireSignedURLs ?? neverRequireSignedUrls,
        }
        return { ...before, variants: { ...before.variants, [id]: changed } }
      })
    variantIn(await account.current(), id)
    return envelope(c, { variant: showVariant(variantIn(await forgettingVariant(id, edit), id)) })
  })

  app.delete('/v1/variants/:id', async (c) => {
    const id = c.req.param('id')
    if (id === PUBLIC) throw new GatewayError('invalid_request', `The variant ${PUBLIC} cannot be deleted`)
    variantIn(await account.current(), id)
    await forgettingVariant(id, async () =>
      account.edit((before) => {
        const { [id]: _gone, ...variants } = before.variants
        return { ...before, variants }
      }),
    )
    return envelope(c, {})
  })
}

function addKeys(app: Hono<ApiEnv>, { account, forgettingAll }: HostedParts): void {
  app.get('/v1/keys', async (c) => showKeys(c, await account.edit(withKey)))

  // Put once more, a key stays what it is: whoever has lost the answer must not lose the key.
  app.put('/v1/keys/:name', async (c) => {
    const wanted = checked(name, c.req.param('name'))
    const state = await account.edit((state) => {
      const before = withKey(state)
      if (before.keys.some((key) => key.name === wanted)) return before
      if (before.keys.length >= MAX_KEYS)
        throw new GatewayError('limit_reached', `There are ${MAX_KEYS} keys at most`)
      return { ...before, keys: [...before.keys, newKey(wanted)] }
    })
    return showKeys(c, state)
  })

  app.delete('/v1/keys/:name', async (c) => {
    const unwanted = c.req.param('name')
    const isThere = ({ keys }: AccountRecord) => keys.some((key) => key.name === unwanted)
    if (!isThere(await account.current())) throw new GatewayError('not_found', 'There is no such key')
    const edit = async () =>
      account.edit((before) =>
        isThere(before)
          ? withKey({ ...before, keys: before.keys.filter((key) => key.name !== unwanted) })
          : before,
      )
    return showKeys(c, await forgettingAll(edit))
  })
}

function addConfig(app: Hono<ApiEnv>, parts: HostedParts): void {
  const { account, forgettingAll, mintBatchToken } = parts

  app.get('/v1/config', async (c) => showConfig(c, await account.current()))

  app.patch('/v1/config', async (c) => {
    const { flexible_variants, browser_ttl } = await jsonOf(c, config)
    const edit = async () =>
      account.edit((before) => ({
        ...before,
        flexibleVariants: flexible_variants ?? before.flexibleVariants,
        browserTtlS: browser_ttl ?? before.browserTtlS,
      }))
    return showConfig(c, await forgettingAll(edit))
  })

  app.get('/v1/batch_token', async (c) => {
    if (mintBatchToken === undefined)
      throw new GatewayError('invalid_request', 'Tokens are signed with HALFTONE_JWT_SECRETS: none is set')
    const { token, expiresAt } = await mintBatchToken(principalOf(c).id)
    return envelope(c, { token, expiresAt: expiresAt.toISOString() })
  })
}

const showKeys = (c: Context<ApiEnv>, { keys }: AccountRecord) => envelope(c, { keys })

const showConfig = (c: Context<ApiEnv>, { flexibleVariants, browserTtlS }: AccountRecord) =>
  envelope(c, { flexible_variants: flexibleVariants, browser_ttl: browserTtlS })

function variantIn(state: AccountRecord, id: string): HostedVariant {
  const found = variantOf(state, id)
  if (found === undefined) throw new GatewayError('not_found', 'There is no such variant')
  return found
}

function readOptions(asked: z.infer<typeof options>, old?: HostedVariantOptions): HostedVariantOptions {
  const { browser_ttl, fit, metadata, ...rest } = asked
  return {
    ...old,
    ...rest,
    fit: fit ?? old?.fit ?? 'scale-down',
    metadata: metadata ?? old?.metadata ?? 'none',
    ...(browser_ttl !== undefined && { browserTtlS: browser_ttl }),
  }
}

function showVariant({ id, options: { browserTtlS, ...shown }, neverRequireSignedUrls }: HostedVariant) {
  return {
    id,
    options: { ...shown, ...(browserTtlS !== undefined && { browser_ttl: browserTtlS }) },
    neverRequireSignedURLs: neverRequireSignedUrls,
  }
}

const isSame = (one: HostedVariant, other: HostedVariant): boolean => toldOf(one) === toldOf(other)

const toldOf = ({ options: o, neverRequireSignedUrls }: HostedVariant) =>
  JSON.stringify([o.fit, o.metadata, o.width, o.height, o.blur, o.browserTtlS, neverRequireSignedUrls])

/** There is always a key. */
function withKey(state: AccountRecord): AccountRecord {
  return state.keys.length > 0 ? state : { ...state, keys: [newKey(DEFAULT ?? '')] }
}

const newKey = (keyName: string) => ({ name: keyName, value: randomBytes(36).toString('base64url') })
