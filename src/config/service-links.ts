// The variables that Kubernetes and Docker set for each service beside a container. A service called `primosync` or
// `http` makes names that look like settings.
import { isIP } from 'node:net'

const ADDRESS = /^(tcp|udp|sctp):\/\//i
const PORT_PART = /_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/
const SERVICE_PORT = /_SERVICE_PORT(_[A-Z0-9_]+)?$/

/** https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables */
export function isServiceLink(name: string, value: string): boolean {
  if (/_PORT$/.test(name) && ADDRESS.test(value)) return true
  if (PORT_PART.test(name)) return true
  if (/_SERVICE_HOST$/.test(name)) return isIP(value) !== 0
  return SERVICE_PORT.test(name) && /^\d+$/.test(value)
}
