// A certificate for 127.0.0.1 that is its own authority, made by openssl.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Writes key.pem and cert.pem to `folder`; null where there is no openssl. */
export function makeCertificate(folder: string): { key: Buffer; cert: Buffer; path: string } | null {
  const [key, path] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  try {
    execFileSync('openssl', [...request, '-days', '2', ...names, '-keyout', key, '-out', path], {
      stdio: 'pipe',
    })
  } catch {
    return null
  }
  return { key: readFileSync(key), cert: readFileSync(path), path }
}
