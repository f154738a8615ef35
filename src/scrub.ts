// Masks keys and passwords in log lines and errors, wherever they may have slipped in.

const MASK = '[secret]'
// Masking a shorter secret would make every text unreadable.
const SHORTEST = 4

/** `text` with each secret replaced by [secret], in the spellings of URLs and JSON too. */
export function scrub(text: string, secrets: readonly string[]): string {
  const spellings = secrets
    .filter((secret) => secret.length >= SHORTEST)
    .flatMap((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])
    .toSorted((one, other) => other.length - one.length) // a whole URL before the password in it
  const masked = spellings.reduce((clean, spelling) => clean.replaceAll(spelling, MASK), text)
  return maskCredentials(masked)
}

/** `https://user:password@host` becomes `https://[secret]@host`. */
const maskCredentials = (text: string) => text.replace(/\/\/[^/@\s"]*:[^/@\s"]*@/g, `//${MASK}@`)
