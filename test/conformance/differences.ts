import { CEPH_DIFFERENCES } from './differences/ceph.ts'
import { LOCALSTACK_DIFFERENCES } from './differences/localstack.ts'
import { MOTO_DIFFERENCES } from './differences/moto.ts'

/** Cases in which a server is known to do otherwise than S3, for one reason. */
export interface Difference {
  readonly reason: string
  readonly cases: readonly string[]
}

/**
 * What servers that we did not write do otherwise: Ceph RGW 16.2.15, LocalStack 4.13.1 and moto 5.2.5. A difference that
 * vanishes fails the run.
 */
export const DIFFERENCES: Readonly<Record<string, readonly Difference[]>> = {
  ceph: CEPH_DIFFERENCES,
  localstack: LOCALSTACK_DIFFERENCES,
  moto: MOTO_DIFFERENCES,
}
