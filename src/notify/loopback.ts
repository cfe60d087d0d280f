// Owns telling whether a host is this machine, where nobody listens in between.
import { isIPv4 } from 'node:net'

/** For host names as URLs hold them: `localhost`, `127.0.0.1`, `[::1]` or `::1`. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase()
  if (name === 'localhost' || name === '::1' || name === '[::1]') return true
  return isIPv4(name) && name.startsWith('127.')
}

/** Whether a text is an http(s) address on this machine. */
export function isLoopbackUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return (protocol === 'http:' || protocol === 'https:') && isLoopbackHost(hostname)
}
