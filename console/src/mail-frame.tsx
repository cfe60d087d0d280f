// Owns showing the HTML of a mail: in a frame of its own that runs no script, loads nothing, leads
// nowhere and is of no origin. It is the one place where text becomes markup.

type Policy = { readonly createHTML: (html: string) => string }

/** Of browsers that know trusted types; the policy of the page allows this one, and no other. */
const { trustedTypes } = globalThis as {
  readonly trustedTypes?: { createPolicy(name: string, rules: Policy): Policy }
}
const policy = trustedTypes?.createPolicy('mail-frame', { createHTML: (html) => html })

export function MailFrame({ html }: { readonly html: string }) {
  return (
    <iframe
      class="mail-frame"
      title="The mail as HTML"
      sandbox=""
      srcdoc={policy === undefined ? html : policy.createHTML(html)}
    />
  )
}
