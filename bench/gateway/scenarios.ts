import type { Scenario } from '../contest.ts'
import { openCold } from './cold.ts'
import { openHerd } from './herd.ts'
import { openHot } from './hot.ts'
import { openMany } from './many.ts'
import { openMixed } from './mixed.ts'
import { openWarm } from './warm.ts'

/** Pictures as viewers ask for them: from memory, from the bucket, rendered, and all of it at once. */
export const GATEWAY_SCENARIOS: readonly Scenario[] = [
  {
    name: 'hot',
    measures: 'one picture of 54 KB from memory, 50 connections',
    baseline: 'bare node:http, equal bytes and headers',
    open: openHot({ width: 800 }),
  },
  {
    name: 'hot-small',
    measures: 'the same of 6 KB',
    baseline: 'the same server',
    open: openHot({ width: 256 }),
  },
  {
    name: 'hot-large',
    measures: 'the same of 460 KB',
    baseline: 'the same server',
    open: openHot({ width: 2560 }),
  },
  {
    name: 'hot-many',
    measures: '10,000 pictures of 6 KB from memory, one after the other, 50 connections',
    baseline: 'bare node:http, equal bytes and headers of one of them',
    open: openMany({ pictures: 10_000 }),
  },
  {
    name: 'not-modified',
    measures: 'hot with If-None-Match',
    baseline: 'bare node:http, 304 with equal headers',
    open: openHot({ width: 800, revalidated: true }),
  },
  {
    name: 'warm',
    measures: 'stored pictures that are not in memory, 50 connections',
    baseline: 'a GET of the same objects through the same S3 client, 50 at once',
    open: openWarm,
  },
  {
    name: 'mixed',
    measures:
      '1,000 pictures by the law of Zipf, a quarter in memory, one in 200 requests for a new one; one core',
    baseline: 'the least server with memory, bucket and sharp, the same requests on the same core',
    open: openMixed,
  },
  {
    name: 'cold',
    measures: 'WebP 800 wide of 3000×2000 JPEGs, nothing stored',
    baseline: 'a bare sharp loop in as many processes as there are render workers',
    open: openCold({ format: 'webp' }),
  },
  {
    name: 'cold-jpg',
    measures: 'the same as JPEG',
    baseline: 'the same loop',
    open: openCold({ format: 'jpg' }),
  },
  {
    name: 'cold-one-core',
    measures: 'the same as WebP, all of the gateway on the core that the loop has',
    baseline: 'the same loop',
    open: openCold({ format: 'webp', oneCore: true }),
  },
  {
    name: 'cold-avif',
    measures: 'the same as AVIF',
    baseline: 'the same loop',
    optional: true,
    open: openCold({ format: 'avif' }),
  },
  {
    name: 'cold-png',
    measures: 'the same as PNG',
    baseline: 'the same loop',
    optional: true,
    open: openCold({ format: 'png' }),
  },
  coldPair('png', 'webp'),
  coldPair('png', 'avif'),
  coldPair('png', 'png'),
  coldPair('webp', 'webp'),
  coldPair('webp', 'avif'),
  coldPair('webp', 'jpg'),
  coldPair('avif', 'webp'),
  coldPair('avif', 'jpg'),
  {
    name: 'herd',
    measures: '200 clients that ask for one cold picture at once',
    baseline: 'one rendering: the ratio is how often it was rendered',
    open: openHerd,
  },
]

function coldPair(from: 'png' | 'webp' | 'avif', format: 'webp' | 'avif' | 'jpg' | 'png'): Scenario {
  return {
    name: `cold-${from}-${format}`,
    measures: `the same from ${from === 'png' ? '1200×800' : '3000×2000'} ${from} to ${format}`,
    baseline: 'the same loop',
    optional: true,
    open: openCold({ from, format }),
  }
}
