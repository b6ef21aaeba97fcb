import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { parseConfig as parseOriginConfig } from '../../origin/origin-config.ts'
import { type ImageSettings, parseDockerfile, settingsOf } from '../../scripts/container/dockerfile.ts'
import { filledExample } from '../../scripts/container/lint.ts'
import { DISTRIBUTION_ID, readSettings, StorageError } from '../../scripts/storage/settings.ts'
import { parseConfig } from '../../src/config.ts'
import { Template } from './template.ts'

const read = (file: string) => readFileSync(file, 'utf8')
const { version } = z.object({ version: z.string() }).parse(JSON.parse(read('package.json')))

const service = z.object({
  image: z.string(),
  command: z.array(z.string()).optional(),
  read_only: z.boolean().optional(),
  stop_grace_period: z.string().optional(),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
})

/** The services of a compose file, with the variables that `environment` sets. */
function servicesOf(file: string, environment: Readonly<Record<string, string>> = {}) {
  const text = read(file).replaceAll(
    /\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}/g,
    (_, name: string, fallback = '') => environment[name] ?? fallback,
  )
  const { services } = z
    .object({ services: z.record(z.string(), service) })
    .parse(parse(text, { merge: true }))
  return (name: string) => service.parse(services[name])
}

const secrets = Object.fromEntries(
  [...filledExample().matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
)
const site = servicesOf('docker-compose.yml', secrets)
const localstack = servicesOf('docker-compose.localstack.yml')

describe('the image', () => {
  const stages = parseDockerfile(read('Dockerfile'))
  const last = stages.at(-1)
  const image: ImageSettings = settingsOf(last ?? { from: '', name: '', instructions: [] })

  test('is Node 24, the same in every stage', () => {
    expect(new Set(stages.map(({ from }) => from)).size).toBe(1)
    expect(last?.from).toMatch(/^node:24\.\d+\.\d+-\w+-slim$/)
  })

  test('runs as the user that Kubernetes and Fargate name', () => {
    const task = z
      .object({ ContainerDefinitions: z.array(z.object({ User: z.string() })) })
      .parse(new Template('service.yaml', {}).find('Task'))
    const pod = z
      .object({
        spec: z.object({ template: z.object({ spec: z.object({ securityContext: z.unknown() }) }) }),
      })
      .parse(parse(read('deploy/kubernetes/deployment.yaml'))).spec.template.spec
    expect([image.uid, image.gid]).toEqual([1000, 1000])
    expect(task.ContainerDefinitions[0]?.User).toBe(`${image.uid}`)
    expect(pod.securityContext).toMatchObject({ runAsUser: image.uid, runAsGroup: image.gid })
  })

  test('is asked for its health as the task is', () => {
    const task = z
      .object({
        ContainerDefinitions: z.array(z.object({ HealthCheck: z.object({ Command: z.array(z.string()) }) })),
      })
      .parse(new Template('service.yaml', {}).find('Task'))
    expect(task.ContainerDefinitions[0]?.HealthCheck.Command).toEqual(['CMD', ...image.health])
  })

  test('serves, on all addresses, with settings that exist', () => {
    expect(image.command).toEqual(['node', 'dist/src/main.js', 'serve'])
    expect(parseConfig(image.environment)).toMatchObject({ HALFTONE_HOST: '0.0.0.0' })
  })

  test('hands its allocator to the render workers', () => {
    expect(Object.keys(image.environment)).toEqual(expect.arrayContaining(['LD_PRELOAD', 'MALLOC_CONF']))
  })

  test('is called the same everywhere', () => {
    const { images } = z
      .object({ images: z.array(z.object({ name: z.string(), newTag: z.string() })) })
      .parse(parse(read('deploy/kubernetes/kustomization.yaml')))
    expect(images).toMatchObject([{ name: 'halftone', newTag: version }])
    const composed = [site('gateway'), site('origin'), localstack('gateway'), localstack('setup')]
    expect(composed.map((one) => one.image)).toEqual(composed.map(() => `halftone:${version}`))
  })
})

describe('a small site', () => {
  const { environment, ...gateway } = site('gateway')

  test('has settings that gateway and origin accept, and that fit together', () => {
    const config = parseConfig(environment)
    const origin = parseOriginConfig(site('origin').environment)
    if (!origin.ok) throw new Error(origin.faults.join('\n'))
    const { AWS_ACCESS_KEY_ID: key = '', AWS_SECRET_ACCESS_KEY: secret } = config
    expect(origin.config.credentials?.get(key)).toBe(secret)
    expect(origin.config.buckets).toContain(config.HALFTONE_BUCKET)
    expect(config.AWS_ENDPOINT_URL_S3).toBe(`http://origin:${origin.config.port}`)
  })

  test('is not stopped before it has finished', () => {
    const { HALFTONE_DRAIN_DELAY_MS, HALFTONE_GRACE_MS } = parseConfig(environment)
    const seconds = (HALFTONE_DRAIN_DELAY_MS + HALFTONE_GRACE_MS) / 1000 + 10
    expect(gateway.stop_grace_period).toBe(`${seconds}s`)
  })

  test('is read-only, and reached from this machine alone', () => {
    for (const one of [site('gateway'), site('origin'), localstack('gateway')]) {
      expect(one.read_only).toBe(true)
      expect(one.ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([])
    }
  })
})

describe('requirements: Local – LocalStack through docker compose', () => {
  test('is the last image without an account, and checks signatures', () => {
    expect(localstack('localstack')).toMatchObject({
      image: 'localstack/localstack:4.14.0',
      environment: { S3_SKIP_SIGNATURE_VALIDATION: '0', PERSISTENCE: '0' },
    })
  })

  test('a gateway beside it and one on this machine see the same bucket and distribution', () => {
    const inside = parseConfig(localstack('gateway').environment)
    const outside = parseConfig(readSettings({}).variables)
    expect(inside.HALFTONE_BUCKET).toBe(outside.HALFTONE_BUCKET)
    expect(inside.HALFTONE_CLOUDFRONT_DISTRIBUTION_ID).toBe(outside.HALFTONE_CLOUDFRONT_DISTRIBUTION_ID)
    expect(inside.HALFTONE_S3_PUBLIC_ENDPOINT).toBe(outside.AWS_ENDPOINT_URL_S3)
    expect(read('deploy/localstack/ready.d/20-distribution.sh')).toContain(DISTRIBUTION_ID)
  })

  test('a port that is none is named', () => {
    for (const port of ['0', '65536', 'x'])
      expect(() => readSettings({ STORAGE_PORT: port })).toThrow(StorageError)
    expect(readSettings({ STORAGE_PORT: '5000' }).variables).toMatchObject({
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:5000',
    })
  })
})
