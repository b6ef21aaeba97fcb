import type { Context } from 'hono'
import { z } from 'zod'
import { GatewayError } from '../errors.ts'
import type { ApiEnv } from '../api/env.ts'
import { problemAnswer } from '../http/problem.ts'

/** Numbers that clients of this API know; all others are made of the status. */
const NUMBERS: Readonly<Record<string, number>> = {
  authentication_required: 10_000,
  token_invalid: 10_000,
  access_denied: 10_000,
  route_not_found: 7_003,
  upload_type_refused: 5_455,
}

const problem = z.object({ code: z.string(), detail: z.string() })

/** An answer as clients of this API expect it, with what they asked for. */
export function envelope(c: Context<ApiEnv>, result: unknown, info: object | null = null): Response {
  return c.json({ result, result_info: info, success: true, errors: [], messages: [] })
}

/** The same of what went wrong: the problem that any other route would answer, in this API's words. */
export async function problemEnvelope(error: unknown, c: Context<ApiEnv>): Promise<Response> {
  const answer = problemAnswer(error, c)
  const { code, detail: message } = problem.parse(await answer.json())
  const { status, headers } = answer
  headers.set('content-type', 'application/json')
  const errors = [{ code: NUMBERS[code] ?? 5_000 + status, message }]
  const body = { result: null, result_info: null, success: false, errors, messages: [] }
  return new Response(JSON.stringify(body), { status, headers })
}

/** A value as its schema has it; throws `invalid_request` with each fault at its place, and what is accepted there. */
export function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const { data, error } = schema.safeParse(value)
  if (error === undefined) return data
  const faults = error.issues.map(
    ({ path, message }) => `${path.map(String).join('.') || 'body'}: ${message}`,
  )
  throw new GatewayError('invalid_request', faults.join('; '))
}

/** The JSON of a request's body as its schema has it. */
export async function jsonOf<T>(c: Context<ApiEnv>, schema: z.ZodType<T>): Promise<T> {
  const text = await c.req.text()
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new GatewayError('invalid_request', 'body: accepted is JSON', { cause })
  }
  return checked(schema, value)
}
