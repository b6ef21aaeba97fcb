import { generateKeyPairSync } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { parseConfig, variableNames } from '../../src/config.ts'
import { Figures } from '../../src/telemetry/figures.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { addEventGauges, addGauges, addPurgeGauges, createMetrics } from '../../src/telemetry/metrics.ts'
import { Template } from './template.ts'

const PARAMETERS = {
  BucketName: 'pictures',
  Sse: 's3',
  EventsQueueUrl: 'https://sqs.eu-central-1.amazonaws.com/123456789012/events',
  CdnUrl: 'https://img.example.com',
  KeyPairId: 'K1',
  DistributionId: 'E1',
  ApiOrigins: 'https://shop.example.com',
  CloudflareMount: '/images',
  CloudflareAccount: 'account',
  CloudflareAccountHash: 'Vi7wi5KSItxGFsWRG2Us6Q',
  HostPrefixes: 'a.example.com=shop-a/',
  SiteOrigin: 'https://www.example.com',
  RemoteSources: 'images.example.com,*.example.org',
}

const variables = z.array(z.object({ Name: z.string(), Value: z.string() }))
const container = z.object({
  StopTimeout: z.number(),
  Environment: variables,
  Secrets: z.array(z.object({ Name: z.string(), ValueFrom: z.string() })),
})

const taskOf = (parameters: Record<string, string> = PARAMETERS) => {
  const task = z
    .object({ ContainerDefinitions: z.array(z.unknown()) })
    .parse(new Template('service.yaml', parameters).find('Task'))
  return task.ContainerDefinitions[0]
}

/** Values of the right form in the place of secrets. */
const SECRETS: Readonly<Record<string, string>> = {
  HALFTONE_ORIGIN_SECRETS: 'o'.repeat(48),
  HALFTONE_JWT_SECRETS: 'j'.repeat(48),
  HALFTONE_ACCESS_KEYS: 'a'.repeat(48),
}

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const KEY: Readonly<Record<string, string>> = {
  HALFTONE_CLOUDFRONT_PRIVATE_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
}

/** Whatever stops a gateway gives it as long as it takes, and 10 s. */
function stopMs(environment: Record<string, string>): number {
  const { HALFTONE_DRAIN_DELAY_MS, HALFTONE_GRACE_MS } = parseConfig(environment)
  return HALFTONE_DRAIN_DELAY_MS + HALFTONE_GRACE_MS + 10_000
}

describe('the task', () => {
  const found = container.parse(taskOf())
  const environment = Object.fromEntries(found.Environment.map(({ Name, Value }) => [Name, Value]))

  test('has settings that the gateway accepts', () => {
    expect(parseConfig({ ...environment, ...SECRETS, ...KEY })).toMatchObject({ HALFTONE_BUCKET: 'pictures' })
    const alone = container.parse(
      taskOf({ BucketName: 'pictures', Sse: 's3', EventsQueueUrl: 'https://q.example.com/1' }),
    )
    const least = Object.fromEntries(alone.Environment.map(({ Name, Value }) => [Name, Value]))
    expect(parseConfig({ ...least, ...SECRETS }).HALFTONE_CLOUDFRONT_DISTRIBUTION_ID).toBeUndefined()
    expect(parseConfig({ ...environment, ...SECRETS, ...KEY }).HALFTONE_CLOUDFLARE_MOUNTS).toEqual([
      '/cdn-cgi/image',
      '/images',
    ])
    expect(parseConfig({ ...least, ...SECRETS }).HALFTONE_CLOUDFLARE_ACCOUNT).toBeUndefined()
    expect(alone.Secrets.map(({ Name }) => Name)).not.toContain('HALFTONE_CLOUDFRONT_PRIVATE_KEY')
  })

  test('is told its secrets by reference', () => {
    const names = Object.keys({ ...SECRETS, ...KEY })
    expect(found.Secrets.map(({ Name }) => Name).toSorted()).toEqual(names.toSorted())
    for (const { Name, ValueFrom } of found.Secrets) {
      expect(variableNames).toContain(Name)
      expect(ValueFrom).toMatch(/^a-SecretArn:\w+::$/)
    }
  })

  test('is not stopped before it has finished', () => {
    expect(found.StopTimeout * 1000).toBeGreaterThanOrEqual(stopMs({ ...environment, ...SECRETS, ...KEY }))
  })

  test('is not root, and writes nowhere but to /tmp', () => {
    expect(taskOf()).toMatchObject({
      User: '1000',
      ReadonlyRootFilesystem: true,
      MountPoints: [{ ContainerPath: '/tmp' }],
    })
  })
})

describe('what scaling and alarms look at', () => {
  const template = new Template('alarms.yaml', { Namespace: 'shop' })

  async function writtenFigures(): Promise<unknown[]> {
    const lines: string[] = []
    const { registry } = createMetrics()
    const zero = () => 0
    addPurgeGauges(registry, { waiting: zero, sent: zero, oldestSeconds: zero })
    addEventGauges(registry, { pending: zero, oldestSeconds: zero })
    addGauges(registry, {
      queueLength: zero,
      rendering: zero,
      fetchBytes: zero,
      renderMemoryBytes: zero,
      flights: zero,
      memoryBytes: zero,
      memoryEntries: zero,
      writesPending: zero,
      journalLagSeconds: zero,
      workerMemoryBytes: zero,
    })
    const log = createLog('info', { write: (line) => void lines.push(line) })
    await new Figures({ namespace: 'shop', registry, log }).write()
    const { _aws: told } = JSON.parse(lines.join(''))
    return told.CloudWatchMetrics[0].Metrics.map(({ Name }: { Name: unknown }) => Name)
  }

  test('is written by the gateway, under the name and dimension that they ask for', async () => {
    const metrics = await writtenFigures()
    const scaling = new Template('service.yaml', PARAMETERS).find('ScalingByWait')
    const asked = z.object({
      MetricName: z.string(),
      Namespace: z.string(),
      Dimensions: z.array(z.unknown()),
    })
    const own = [
      z
        .object({
          TargetTrackingScalingPolicyConfiguration: z.object({ CustomizedMetricSpecification: asked }),
        })
        .parse(scaling).TargetTrackingScalingPolicyConfiguration.CustomizedMetricSpecification,
      ...template
        .all('AWS::CloudWatch::Alarm')
        .filter(({ Namespace }) => Namespace === 'shop')
        .map((alarm) => asked.parse(alarm)),
    ]
    expect(own.length).toBeGreaterThan(4)
    for (const { MetricName, Namespace, Dimensions } of own) {
      expect(metrics).toContain(MetricName)
      expect(Namespace).toBe('shop')
      expect(Dimensions).toEqual([{ Name: 'Program', Value: 'halftone' }])
    }
  })

  test('the journal may lag as long as the gateway thinks nothing of it', () => {
    const { HALFTONE_JOURNAL_MAX_LAG_MS } = parseConfig({ HALFTONE_BUCKET: 'test' })
    expect(template.find('Behind')).toMatchObject({ Threshold: HALFTONE_JOURNAL_MAX_LAG_MS / 1000 })
  })

  test('requirements: Cost – a month has a budget, of which somebody hears at 80 of 100', () => {
    expect(new Template('alarms.yaml', { BudgetUsd: 100 }).find('Budget')).toMatchObject({
      Budget: { BudgetType: 'COST', TimeUnit: 'MONTHLY', BudgetLimit: { Amount: 100, Unit: 'USD' } },
      NotificationsWithSubscribers: [{ Notification: { Threshold: 80 } }, {}],
    })
    expect(new Template('alarms.yaml').find('Budget')).toBeUndefined()
  })
})

describe('the manifests', () => {
  const folder = 'deploy/kubernetes'
  const read = (file: string) => parse(readFileSync(join(folder, file), 'utf8'))
  const { data: settings } = z.object({ data: z.record(z.string(), z.string()) }).parse(read('config.yaml'))
  const { spec: deployment } = z
    .object({
      spec: z.object({
        template: z.object({
          spec: z.looseObject({
            terminationGracePeriodSeconds: z.number(),
            containers: z.array(z.looseObject({})),
          }),
        }),
      }),
    })
    .parse(read('deployment.yaml'))
  const pod = deployment.template.spec

  test('are all in the kustomization', () => {
    const files = readdirSync(folder).filter(
      (file) => file.endsWith('.yaml') && file !== 'kustomization.yaml',
    )
    expect(read('kustomization.yaml').resources.toSorted()).toEqual(files.toSorted())
  })

  test('have settings that the gateway accepts, and names of secrets that it knows', () => {
    expect(parseConfig({ ...settings, ...SECRETS }).HALFTONE_BUCKET).toBe('my-pictures')
    const names = readFileSync(join(folder, 'secrets.env.example'), 'utf8').matchAll(/^(\w+)=$/gm)
    expect([...names].map(([, name = '']) => name).toSorted()).toEqual(Object.keys(SECRETS).toSorted())
  })

  test('do not end a pod before it has finished', () => {
    expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThanOrEqual(
      stopMs({ ...settings, ...SECRETS }),
    )
  })

  test('send traffic by readiness, and restart by liveness alone', () => {
    expect(pod.containers[0]).toMatchObject({
      readinessProbe: { httpGet: { path: '/readyz' } },
      livenessProbe: { httpGet: { path: '/livez' } },
      startupProbe: { httpGet: { path: '/livez' } },
    })
  })

  test('give it no rights', () => {
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    })
    expect(pod.containers[0]).toMatchObject({
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      },
    })
  })

  test('requirements: Safety – let it speak to AWS, and not to the endpoint that hands out the node’s credentials', () => {
    const { spec } = z
      .object({ spec: z.object({ egress: z.array(z.object({ to: z.array(z.looseObject({})) })) }) })
      .parse(read('network-policy.yaml'))
    const blocks = spec.egress.flatMap(({ to }) => to.flatMap(({ ipBlock }) => ipBlock ?? []))
    expect(blocks).toEqual([
      { cidr: '0.0.0.0/0', except: ['169.254.0.0/16'] },
      { cidr: '::/0', except: expect.arrayContaining(['fd00:ec2::/32']) },
    ])
  })
})
