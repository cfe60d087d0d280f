// Owns reading mail addresses of the configuration: one mailbox at a time, no groups, no lists.
import addressparser from 'nodemailer/lib/addressparser'

export type MailAddress = {
  readonly name: string
  readonly address: string
  readonly domain: string
}

const ADDRESS_LENGTH_MAX = 320

/** Local part without quoting, and a domain or an address literal: what mail systems hand out. */
const ADDRESS = /^[^\s<>()[\]\\,;:@"]{1,64}@([^\s<>()[\]\\,;:@"]{1,255})$/u

/** `soc@example.com` or `Tocsin <soc@example.com>`; undefined for all that isn't one mailbox. */
export function parseMailAddress(text: string): MailAddress | undefined {
  if (text.length > ADDRESS_LENGTH_MAX || /\p{Cc}/u.test(text)) return undefined
  const [only, ...others] = addressparser(text, { flatten: true })
  if (only === undefined || others.length > 0) return undefined
  const address = only.address ?? ''
  const domain = ADDRESS.exec(address)?.[1]
  return domain === undefined ? undefined : { name: only.name ?? '', address, domain }
}
