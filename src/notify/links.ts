// Owns the addresses of the console's pages that messages link to. What the pages show: http/.
import type { Notification } from '../core/alert.ts'

export type Link = { readonly label: string; readonly url: string }

/**
 * Where to look at an alert and act on it. Following a link changes nothing: mail scanners and
 * previews do that, so the page asks for a confirming click.
 */
export function alertLinks(
  { alert, reason }: Notification,
  publicUrl: string | undefined,
): readonly Link[] {
  if (publicUrl === undefined || reason === 'test') return []
  const page = pageOf(publicUrl, `alerts/${encodeURIComponent(alert.id)}`)
  const open = { label: 'Open', url: page }
  if (alert.state !== 'open') return [open]
  return [
    open,
    { label: 'Acknowledge', url: `${page}?do=acknowledge` },
    { label: 'Silence 1 h', url: `${page}?do=silence&for=1h` },
  ]
}

/** The list of alerts, where a digest's are found. */
export function listLinks(publicUrl: string | undefined): readonly Link[] {
  return publicUrl === undefined
    ? []
    : [{ label: 'Open the alerts', url: pageOf(publicUrl, 'alerts') }]
}

function pageOf(publicUrl: string, path: string): string {
  return `${publicUrl.replace(/\/+$/, '')}/${path}`
}
