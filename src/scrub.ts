// Masks keys and passwords in log lines and errors, in case one slips in.

const MASK = '[secret]'
// Masking a shorter secret would make every text unreadable.
const SHORTEST = 4

/** Replaces each secret in `text` by [secret], also as it is spelt in URLs and JSON, and the credentials of any URL. */
export function scrub(text: string, secrets: readonly string[]): string {
  const spellings = secrets
    .filter((secret) => secret.length >= SHORTEST)
    .flatMap((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])
    .toSorted((one, other) => other.length - one.length) // so that a URL is masked before the password in it
  const masked = spellings.reduce((clean, spelling) => clean.replaceAll(spelling, MASK), text)
  return maskCredentials(masked)
}

/** `https://user:password@host` becomes `https://[secret]@host`. */
const maskCredentials = (text: string) => text.replace(/\/\/[^/@\s"]*:[^/@\s"]*@/g, `//${MASK}@`)
