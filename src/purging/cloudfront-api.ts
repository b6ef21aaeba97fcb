import {
  CloudFrontClient,
  CloudFrontServiceException,
  CreateInvalidationCommand,
} from '@aws-sdk/client-cloudfront'
import { type EdgeApi, EdgeRefusal, type EdgeRefusalReason } from './purging.ts'

export interface CloudFrontOptions {
  readonly distributionId: string
  /** Whose requests are signed; all of AWS but China has one. */
  readonly region?: string | undefined
  /** By default AWS. */
  readonly endpoint?: string | undefined
  /** A whole call. */
  readonly timeoutMs: number
  /** By default the SDK's chain: environment, configuration files, container and instance roles. */
  readonly credentials?:
    | { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string }
    | undefined
}

/**
 * What CloudFront calls its refusals, where the status alone does not tell what they are: behind a 400 there may be
 * anything. What is wrong for good is given up, so it has to be named.
 */
const REASONS: Readonly<Record<string, EdgeRefusalReason>> = {
  TooManyInvalidationsInProgress: 'busy',
  Throttling: 'throttled',
  ThrottlingException: 'throttled',
  TooManyRequestsException: 'throttled',
  RequestLimitExceeded: 'throttled',
  InvalidArgument: 'invalid',
  BatchTooLarge: 'invalid',
  InconsistentQuantities: 'invalid',
  InvalidationBatchAlreadyExists: 'invalid',
  MissingBody: 'invalid',
  MalformedXML: 'invalid',
  MalformedInput: 'invalid',
  ValidationError: 'invalid',
  AccessDenied: 'denied',
  AccessDeniedException: 'denied',
  NotAuthorized: 'denied',
  ExpiredToken: 'denied',
  ExpiredTokenException: 'denied',
  InvalidClientTokenId: 'denied',
  UnrecognizedClientException: 'denied',
  MissingAuthenticationToken: 'denied',
  IncompleteSignature: 'denied',
  OptInRequired: 'denied',
  NoSuchDistribution: 'no-distribution',
  RequestTimeout: 'unreachable',
}

/** The names of the SDK's own failures to find credentials. */
const NO_CREDENTIALS = /^(?:Credentials|Token)ProviderError$/

/** Invalidations of one distribution. Nothing is tried twice here: that is its queue's. */
export function createCloudFrontApi(options: CloudFrontOptions): EdgeApi & { close(): void } {
  const { distributionId, region = 'us-east-1', endpoint, timeoutMs, credentials } = options
  const client = new CloudFrontClient({
    region,
    maxAttempts: 1,
    requestHandler: { connectionTimeout: timeoutMs, requestTimeout: timeoutMs, throwOnRequestTimeout: true },
    // Given as undefined these would hide what the SDK finds by itself.
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials !== undefined && { credentials: { ...credentials } }),
  })
  return {
    async invalidate(reference, items, signal) {
      const command = new CreateInvalidationCommand({
        DistributionId: distributionId,
        InvalidationBatch: {
          CallerReference: reference,
          Paths: { Quantity: items.length, Items: [...items] },
        },
      })
      const deadline = AbortSignal.timeout(timeoutMs)
      const abortSignal = signal ? AbortSignal.any([signal, deadline]) : deadline
      try {
        const { Invalidation } = await client.send(command, { abortSignal })
        if (Invalidation?.Id === undefined) throw new EdgeRefusal('unreachable', 'The answer has no id')
        return { id: Invalidation.Id }
      } catch (error) {
        if (signal?.aborted) throw signal.reason
        throw toRefusal(error)
      }
    },
    close: () => client.destroy(),
  }
}

function toRefusal(error: unknown): EdgeRefusal {
  if (error instanceof EdgeRefusal) return error
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  return new EdgeRefusal(reasonOf(error, name), `${name}: ${message}`, { cause: error })
}

function reasonOf(error: unknown, name: string): EdgeRefusalReason {
  if (NO_CREDENTIALS.test(name)) return 'denied'
  if (!(error instanceof CloudFrontServiceException)) return 'unreachable'
  const known = REASONS[name]
  if (known !== undefined) return known
  const status = error.$metadata.httpStatusCode ?? 0
  if (status === 401 || status === 403) return 'denied'
  if (status === 429) return 'throttled'
  return status === 413 ? 'invalid' : 'unreachable'
}
