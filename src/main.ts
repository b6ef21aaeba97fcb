#!/usr/bin/env node
import { Command, InvalidArgumentError } from 'commander'
import { ConfigError, quietSdk, readConfig } from './config.ts'
import { type AdoptChoices, adopt } from './commands/adopt.ts'
import { audit, type AuditChoices } from './commands/audit.ts'
import { doctor } from './commands/doctor.ts'
import { dropEvents, type EventChoices, listEvents, retryEvents } from './commands/events.ts'
import { purge, type PurgeChoices } from './commands/purge.ts'
import { seed } from './commands/seed.ts'
import { serve } from './commands/serve.ts'
import { setup, type SetupChoices } from './commands/setup.ts'
import { start } from './commands/start.ts'
import { type CdnStatsChoices, stats, type StatsChoices, statsCdn } from './commands/stats.ts'
import { sweep } from './commands/sweep.ts'
import { token, type TokenChoices } from './commands/token.ts'
import { warm, type WarmChoices } from './commands/warm.ts'
import { GatewayError } from './errors.ts'
import { tuneGarbageCollector } from './garbage-collector.ts'

/** What shells call EX_CONFIG: something is configured in an unsuitable way. */
const EXIT_CONFIG = 78

quietSdk()
tuneGarbageCollector()

function days(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('accepted is 1 to 9999.')
  return Number(text)
}

function count(max: number): (text: string) => number {
  return (text) => {
    const value = /^[1-9]\d{0,8}$/.test(text) ? Number(text) : Number.NaN
    if (value >= 1 && value <= max) return value
    throw new InvalidArgumentError(`accepted is 1 to ${max}.`)
  }
}

function names(text: string): string[] {
  return text.split(',').map((name) => name.trim())
}

const program = new Command('halftone')
  .description('Edge image gateway: resizes pictures from an S3-compatible bucket on demand')
  .showHelpAfterError()
  // What follows a command is the command's: `stats` and `stats cdn` have options of one name.
  .enablePositionalOptions()

program
  .command('start')
  .description(
    'everything on this machine: the gateway, the origin that ships unless HALFTONE_BUCKET is set, samples',
  )
  .action(() => start(readConfig()))

program
  .command('serve')
  .description('the gateway alone, on the bucket that HALFTONE_BUCKET names')
  .action(() => serve(readConfig()))

program
  .command('seed')
  .argument('[directory]', 'your own photos: each folder in it, and each photo beside them, becomes an item')
  .description('puts the sample pictures, or your own photos, into the bucket')
  .action((directory?: string) => seed(readConfig(), directory))

program
  .command('adopt')
  .option('--order <file>', 'CSV or JSON with the photos of items in order, and their owners')
  .option('--owner <id>', 'the owner of every item of which the file names none')
  .option('--leave-out', 'adopts an item without the photos that are refused, instead of refusing the item')
  .option('--write', 'writes the records; without it nothing is written')
  .description('makes records for the items and profiles that lie in the bucket already; moves nothing')
  .action(async (choices: AdoptChoices) => {
    if (!(await adopt(readConfig(), choices))) process.exitCode = 1
  })

const statistics = program
  .command('stats')
  .enablePositionalOptions()
  .option('--json', 'for scripts')
  .option('--prices <file>', 'a price table in JSON instead of the list prices of S3 Standard in us-east-1')
  .description('says what is in the bucket, by kind, and estimates what it costs a month')
  .action((choices: StatsChoices) => stats(readConfig(), choices))

statistics
  .command('cdn')
  .option('--logs <place...>', 'standard logs of CloudFront: files, folders or s3://bucket/prefix')
  .option('--metrics <url...>', "gateways' admin ports, such as http://127.0.0.1:9090")
  .option('--top <count>', 'so many misses and pictures', count(1_000), 10)
  .option('--prices <file>', 'a price table in JSON instead of the list prices of CloudFront')
  .option('--json', 'for scripts')
  .description('says how much edge and gateways had already when they were asked for it')
  .action(async (choices: CdnStatsChoices) => {
    if (!(await statsCdn(readConfig(), choices))) process.exitCode = 1
  })

program
  .command('warm')
  .argument('[path...]', 'source paths, such as items/42, or whole ones, such as /img/items/42/800.webp')
  .option('--file <file>', 'a path in every line; - for standard input')
  .option('--all', 'every photo of the library that everybody may see')
  .option('--from-logs <place...>', 'what logs of CloudFront name most: files, folders or s3://bucket/prefix')
  .option('--top <count>', 'so many paths of the logs', count(1_000_000), 1_000)
  .option('--sizes <size,...>', 'such as thumbnail,800,400x400; without it those made after uploads', names)
  .option('--formats <format,...>', 'such as webp,avif', names, ['webp'])
  .option('--url <url>', 'the edge or a gateway; without it HALFTONE_CDN_URL, else HALFTONE_PUBLIC_URL')
  .option('--origin-secret', 'shows the first of HALFTONE_ORIGIN_SECRETS, for a gateway that wants it')
  .option('--lanes <count>', 'requests at once', count(256), 4)
  .option('--state <file>', 'notes there what is done, and goes on from there')
  .description('asks for pictures, so that bucket, memory and the edge have them')
  .action(async (paths: string[], choices: WarmChoices) => {
    if (!(await warm(readConfig(), paths, choices))) process.exitCode = 1
  })

program
  .command('purge')
  .argument(
    '[what...]',
    'items/42, /img/items/42/800.webp, photos/cat.jpg, https://example.com/a.jpg, tag:item:42, items/*',
  )
  .option('--status [id]', 'says how far that purge is, or what waits for the edge')
  .option('--json', 'for scripts')
  .description('makes all replicas, the bucket and the edge forget sources and everything below them')
  .action(async (words: string[], choices: PurgeChoices) => {
    if (!(await purge(readConfig(), words, choices))) process.exitCode = 1
  })

program
  .command('sweep')
  .option('--delete', 'remove it; without this option the sweep only says what it would remove')
  .description(
    'removes what nothing refers to any more: expired uploads, whole and in parts, unnamed files, dead variants',
  )
  .action(async (options: { delete?: boolean }) => {
    if (!(await sweep(readConfig(), options.delete === true))) process.exitCode = 1
  })

program
  .command('audit')
  .option('--user <id>', 'what this user, or this API key, did')
  .option('--object <prefix>', 'what was done with objects whose path or key begins so')
  .option('--action <name>', 'read, grant, refuse, create, change or delete')
  .option('--from <time>', 'since then (ISO 8601, UTC where it names no zone); 7 days ago without it')
  .option('--to <time>', 'until then')
  .option('--json', 'for scripts: a line of JSON an entry')
  .description('says who did what with private things')
  .action(async (choices: AuditChoices) => {
    if (!(await audit(readConfig(), choices))) process.exitCode = 1
  })

const events = program.command('events').description('events on their way to the webhook')

events
  .command('list')
  .option('--json', 'for scripts: a line of JSON an event')
  .description('those that wait, and those that were given up')
  .action((choices: EventChoices) => listEvents(readConfig(), choices))

events
  .command('retry')
  .argument('<id...>', 'ids of events that were given up, or the word all')
  .description('lets them be delivered again')
  .action(async (ids: string[]) => {
    if (!(await retryEvents(readConfig(), ids))) process.exitCode = 1
  })

events
  .command('drop')
  .argument('<id...>', 'ids of events that were given up, or the word all')
  .description('removes them: nobody will be told')
  .action(async (ids: string[]) => {
    if (!(await dropEvents(readConfig(), ids))) process.exitCode = 1
  })
program
  .command('token')
  .requiredOption('--user <id>', 'whom it is for')
  .option('--role <role>', 'admin or reviewer; may be given twice', addTo, [])
  .option('--ttl <seconds>', 'how long it is accepted', '3600')
  .description('prints a bearer token, to try things out')
  .action((choices: TokenChoices) => token(readConfig(), choices))

program
  .command('setup')
  .option('--write', 'does it; without it the command only says what is missing')
  .option('--origin <url...>', 'pages that upload from a browser, such as https://shop.example')
  .option('--log-bucket <name>', 'the bucket that takes the access log; it has to be there')
  .option('--recovery-days <days>', 'how long what was replaced or deleted can be brought back', days, 30)
  .option('--archive-after-days <days>', 'from when on originals lie in storage for rare access', days)
  .option('--iam', 'prints the least that an IAM role needs, and does nothing')
  .description('gives the bucket its settings: private, encrypted, versioned, CORS, lifecycle')
  .action((choices: SetupChoices) => setup(readConfig(), choices))

program
  .command('doctor')
  .description('checks the bucket, its conditional writes, the clock, the render workers and the CPU quota')
  .action(async () => {
    if (!(await doctor(readConfig()))) process.exitCode = 1
  })

function addTo(text: string, before: readonly string[]): readonly string[] {
  return [...before, text]
}

// Whoever reads has seen enough, as `head` has.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

// What a failed command has begun (workers, sockets) ends with the process.
try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof ConfigError) {
    // One fault a line.
    const lines = error.message.split('\n').map((line) => `halftone: ${line}\n`)
    process.stderr.write(lines.join(''))
    process.exit(EXIT_CONFIG)
  } else if (error instanceof GatewayError) {
    const cause = error.cause instanceof Error ? ` (${error.cause.message})` : ''
    process.stderr.write(`halftone: ${error.message}${cause}\n`)
    process.exit(1)
  } else {
    throw error
  }
}
