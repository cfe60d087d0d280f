// Owns the one form that the texts of a fact have, and why a text of another form never equals them.
// Which comparisons that decides: condition-verdict.ts.
import { formatAddress, parseAddress, parseCidr } from './address.ts'
import { type Certain, never } from './certain.ts'
import type { FactName } from './event.ts'
import { describeFound } from './suggest.ts'

/** The fact, and how its text is folded before it is compared. */
export type Formed = {
  readonly fact: FactName
  readonly fold: 'lower' | 'upper' | undefined
}

type Form = { readonly wrong: RegExp; readonly about: string }

/** Facts whose texts the normaliser brings into one form (see FACTS), and what never is in them. */
const FORMS: Readonly<Partial<Record<FactName, Form>>> = {
  method: { wrong: /\p{Ll}/u, about: 'upper case' },
  status: { wrong: /\p{Ll}/u, about: 'upper case' },
  resource: { wrong: /[-_\p{Lu}]/u, about: 'lower case without "-" and "_"' },
  resourceTypes: { wrong: /[-_\p{Lu}]/u, about: 'lower case without "-" and "_"' },
}

/** Why a text can't be one (or be in one) of the fact's texts. */
export function ofForm(
  { fact, fold }: Formed,
  text: string,
  what: 'whole' | 'part',
): Certain | undefined {
  if (fold) {
    const folded = fold === 'lower' ? text.toLowerCase() : text.toUpperCase()
    const reason = `"${fold}:" compares in ${fold} case: write ${JSON.stringify(folded)}`
    return folded === text ? undefined : never(reason)
  }
  const form = FORMS[fact]
  if (form?.wrong.test(text)) return never(`"${fact}" is in ${form.about}`)
  if (what === 'part') return undefined
  if (fact === 'ip') return addressForm(text)
  if (fact === 'date' && !/^\d{4}-\d\d-\d\d$/.test(text)) {
    return never('"date" is a day such as "2026-11-20"')
  }
  return undefined
}

function addressForm(text: string): Certain | undefined {
  const address = parseAddress(text)
  if (address !== undefined) {
    const canonical = formatAddress(address)
    return canonical === text ? undefined : never(`"ip" has this address as "${canonical}"`)
  }
  return parseCidr(text) ? never(`${describeFound(text)} is a network: use "inCidr"`) : undefined
}
