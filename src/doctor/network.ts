// Which way the API is asked, and whether the certificates that were added can be used.
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Proxies, placeOf, proxyFor } from '../network/proxies.ts'
import { type Finding, ill, well } from './finding.ts'

/** `extraCaFile`: that of NODE_EXTRA_CA_CERTS; null: none. */
export function checkNetwork(
  baseUrl: string,
  { proxies, extraCaFile }: { proxies: Proxies; extraCaFile: string | null },
): Finding {
  const { host } = new URL(baseUrl)
  const proxy = proxyFor(baseUrl, proxies)
  const isExempt = proxy === null && proxyFor(baseUrl, { ...proxies, noProxy: '' }) !== null
  const way =
    proxy === null ? `directly${isExempt ? ' (NO_PROXY)' : ''}` : `through the proxy at ${placeOf(proxy)}`
  const found = `${host} is asked ${way}`
  if (extraCaFile === null) return well('network', found)
  const problem = certificatesProblem(extraCaFile)
  if (problem === null)
    return well('network', `${found}; certificates of NODE_EXTRA_CA_CERTS are trusted, too`)
  return ill(
    'network',
    `${found}; NODE_EXTRA_CA_CERTS is left out: ${extraCaFile} ${problem}`,
    'Name a file of PEM certificates that this user may read, before the program starts.',
  )
}

function certificatesProblem(path: string): string | null {
  try {
    new X509Certificate(readFileSync(path))
    return null
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    return syscall === undefined ? 'holds no certificate' : `cannot be read: ${code}`
  }
}
