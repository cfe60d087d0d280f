// Owns showing a verdict: every condition with what was asked, what was found, and whether it holds.
import type { WhyView } from '../../src/http/alert-view.ts'

const KINDS = { all: 'all of', any: 'any of', not: 'not', leaf: '' } as const

export function WhyTree({ why }: { readonly why: WhyView }) {
  return (
    <ul class="why">
      <Node why={why} />
    </ul>
  )
}

function Node({ why }: { readonly why: WhyView }) {
  return (
    <li class={why.verdict ? 'holds' : 'fails'}>
      <span class="why-line">
        <span class="why-mark" aria-hidden="true">
          {why.verdict ? '✓' : '✗'}
        </span>
        <span class="hidden">{why.verdict ? 'holds:' : 'does not hold:'}</span>{' '}
        {why.kind === 'leaf' ? <Leaf why={why} /> : <strong>{KINDS[why.kind]}</strong>}
        {why.name !== undefined && <span class="quiet"> {why.name}</span>}
      </span>
      {why.children !== undefined && why.children.length > 0 && (
        <ul>
          {why.children.map((child, index) => (
            <Node key={index} why={child} />
          ))}
        </ul>
      )}
    </li>
  )
}

function Leaf({ why }: { readonly why: WhyView }) {
  const { fact, path, operator, expected, found } = why
  return (
    <>
      <code class="why-fact">
        {fact}
        {path}
      </code>{' '}
      <span class="quiet">{operator}</span> <code>{expected ?? 'nothing'}</code>
      <span class="why-found">
        <span class="quiet">found</span> <code>{found ?? 'nothing'}</code>
      </span>
    </>
  )
}
