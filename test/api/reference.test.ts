import { expect, test } from 'vitest'
import { z } from 'zod'
import { createTestApi, readAs } from '../support/api.ts'

const ref = z.object({ $ref: z.string().transform((path) => path.split('/').at(-1) ?? '') })
const content = z.record(z.string(), z.object({ schema: z.unknown() }))
const operation = z.object({
  summary: z.string(),
  security: z.array(z.record(z.string(), z.unknown())),
  parameters: z.array(z.object({ name: z.string(), in: z.string() })).default([]),
  requestBody: z.object({ content }).optional(),
  responses: z.record(z.string(), z.object({ description: z.string(), content: content.optional() })),
})
const described = z.object({
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
})

const schema = z.object({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.unknown()).optional(),
  format: z.string().optional(),
  description: z.string().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  maxLength: z.number().optional(),
  items: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).default([]),
})

const INTRODUCTION = `# API reference

Every route below \`/api/v1\`, as \`/api/v1/openapi.json\` describes it. What the routes are for, and who may do what: [api.md](api.md). This page is written by \`npx vitest run test/api/reference.test.ts --update\`.

Any other answer is a problem ([errors.md](errors.md)): \`application/problem+json\`. For "anybody": also without a token, as far as [access](access.md) goes. A field with \`?\` may be left out.
`

const link = (name: string) => `[\`${name}\`](#${name.toLowerCase()})`
const code = (text: string) => `\`${text}\``

/** A schema in a few words. */
function inWords(given: unknown): string {
  const named = ref.safeParse(given)
  if (named.success) return link(named.data.$ref)
  const {
    type,
    enum: values,
    format,
    anyOf,
    items,
    minimum,
    maximum,
    maxLength,
    properties,
  } = schema.parse(given)
  if (anyOf !== undefined) return anyOf.map(inWords).join(' or ')
  if (values !== undefined) return values.map((value) => code(String(value))).join(' ')
  if (items !== undefined) return `list of ${inWords(items)}`
  const kinds = [type ?? 'anything'].flat().map((kind) => (kind === 'null' ? code('null') : kind))
  const bounds = [
    format,
    minimum !== undefined && `at least ${minimum}`,
    maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER && `at most ${maximum}`,
    maxLength !== undefined && `at most ${maxLength} characters`,
    properties !== undefined && `with ${Object.keys(properties).map(code).join(', ')}`,
  ].filter((bound) => typeof bound === 'string')
  return [kinds.join(' or '), ...bounds].join(', ')
}

function bodyOf(given: z.infer<typeof content> | undefined): string {
  return Object.entries(given ?? {})
    .map(([type, { schema: given }]) => {
      const fields = schema.safeParse(given).data?.properties
      if (type === 'application/json') return inWords(given)
      return fields === undefined
        ? code(type)
        : `${code(type)} of ${Object.keys(fields).map(code).join(', ')}`
    })
    .join(' or ')
}

function routeRow(
  path: string,
  method: string,
  operation: z.infer<typeof described>['paths'][string][string],
) {
  const query = operation.parameters
    .filter((parameter) => parameter.in === 'query')
    .map(({ name }) => code(name))
  const takes = [bodyOf(operation.requestBody?.content), query.length > 0 ? `query ${query.join(' ')}` : '']
  const answers = Object.entries(operation.responses)
    .filter(([status]) => status !== 'default')
    .map(([status, answer]) => `${status} ${bodyOf(answer.content)}`.trim())
  const who = operation.security.some((scheme) => Object.keys(scheme).length === 0) ? 'anybody' : 'a token'
  const cells = [
    code(`${method.toUpperCase()} ${path}`),
    operation.summary,
    who,
    takes.filter((text) => text !== '').join(', '),
    answers.join('; '),
  ]
  return `| ${cells.join(' | ')} |`
}

function schemaSection([name, given]: readonly [string, unknown]): string {
  const { properties, required, description, anyOf } = schema.parse(given)
  const says = description === undefined ? [] : [`${description}.`, '']
  if (properties === undefined) {
    return [
      `### ${name}`,
      '',
      ...says,
      anyOf?.map((one) => `- ${inWords(one)}`).join('\n') ?? inWords(given),
      '',
    ].join('\n')
  }
  const rows = Object.entries(properties).map(([field, type]) => {
    const about = schema.safeParse(type).data?.description ?? ''
    return `| \`${field}${required.includes(field) ? '' : '?'}\` | ${inWords(type)} | ${about} |`
  })
  return [
    `### ${name}`,
    '',
    ...says,
    '| field | what is accepted or answered | |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

test('docs/api-reference.md has every route, method, status and field of the OpenAPI description', async () => {
  const api = createTestApi({ signCookie: () => '' })
  const { paths, components } = await readAs(await api.call('GET /openapi.json'), described)
  const routes = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => routeRow(path, method, operation)),
  )
  const page = [
    INTRODUCTION,
    '## Routes\n',
    '| route | what | for | takes | answers |\n|---|---|---|---|---|',
    `${routes.join('\n')}\n`,
    '## Bodies and answers\n',
    Object.entries(components.schemas).map(schemaSection).join('\n'),
  ].join('\n')
  expect(routes.length).toBeGreaterThan(20)
  await expect(page).toMatchFileSnapshot('../../docs/api-reference.md')
})
