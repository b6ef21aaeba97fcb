/** What a setting's value keeps secret, by its name: all of it, the entries of a list, and what stands behind a name in one. */
export function secretsIn(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(environment).flatMap(([name, value]) =>
    value === undefined || !isSecret(name) ? [] : secretParts(name, value),
  )
}

/** Every way in which a secret could stand in what is emitted: as it is, in a URL, in JSON, in base64. */
export function spellingsOf(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const spellings = [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
  ]
  return [...new Set(spellings)]
}

/** Shorter values are words such as `x` that tests give to settings that do not matter. */
const SHORTEST = 8

/** Ids of keys stand in signed URLs, as they must. */
const PUBLIC = /ACCESS_KEY_ID$|KEY_PAIR_ID$|KMS_KEY_ID$|_REQUIRED$|JWKS_URL$|SECRETS?_FILE$/

function isSecret(name: string): boolean {
  return /KEY|SECRET|TOKEN|CREDENTIALS|WEBHOOK_URL|REDIS_URL/.test(name) && !PUBLIC.test(name)
}

function secretParts(name: string, value: string): string[] {
  if (name.endsWith('_URL')) {
    const { password, pathname } = new URL(value)
    return [password, name.includes('WEBHOOK') ? pathname : ''].filter(isLong)
  }
  // A key in PEM: its lines, since a log may break them.
  if (value.includes('-----BEGIN')) {
    return value.split('\n').filter((line) => isLong(line) && !line.startsWith('-----'))
  }
  const entries = value.split(',')
  return [value, ...entries, ...entries.map((entry) => entry.slice(entry.lastIndexOf(':') + 1))].filter(
    isLong,
  )
}

const isLong = (text: string): boolean => text.length >= SHORTEST
