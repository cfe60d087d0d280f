// Owns the rich editor for JSON: names and values of a schema are completed and explained, problems
// stand at their line. It lives in a shadow root: there its styles are objects of the page and need no
// exception in the content security policy.
import { autocompletion, type CompletionContext, startCompletion } from '@codemirror/autocomplete'
import { json, jsonParseLinter } from '@codemirror/lang-json'
import { type Diagnostic, lintGutter, setDiagnostics } from '@codemirror/lint'
import { basicSetup, EditorView } from 'codemirror'
import { hoverTooltip } from '@codemirror/view'
import { explain, type Schema, spanAt, suggest } from './schema-help.ts'

export type EditorProblem = {
  readonly level: 'error' | 'warning'
  /** A JSON pointer. */
  readonly place: string
  readonly message: string
}

export type RichEditor = {
  /** Shows these at their lines, in the place of those from before. */
  readonly showProblems: (problems: readonly EditorProblem[]) => void
  readonly destroy: () => void
}

export function openEditor(
  parent: HTMLElement,
  options: {
    readonly text: string
    readonly label: string
    /** What is completed and explained; nothing without it. */
    readonly schema: () => Schema | undefined
    readonly onChange: (text: string) => void
  },
): RichEditor {
  const root = parent.shadowRoot ?? parent.attachShadow({ mode: 'open' })
  const view = new EditorView({
    doc: options.text,
    parent: root,
    root,
    extensions: [
      basicSetup,
      json(),
      lintGutter(),
      autocompletion({ override: [(context) => complete(context, options.schema())] }),
      helpOnHover(options.schema),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ 'aria-label': options.label }),
      EditorView.updateListener.of((update) => {
        if (!update.docChanged) return
        options.onChange(update.state.doc.toString())
        // What was said before is of another text; what is no JSON shows at once.
        window.queueMicrotask(() => show(view, parseProblems(view)))
      }),
      LOOK,
    ],
  })
  show(view, parseProblems(view))
  // So that it scrolls by keyboard, too.
  view.scrollDOM.tabIndex = 0
  return {
    showProblems(problems) {
      const text = view.state.doc.toString()
      const found = problems.map(({ level, place, message }) => {
        const where = place.startsWith('/') ? `${place}: ` : ''
        return { ...spanAt(text, place), severity: level, message: `${where}${message}` }
      })
      show(view, [...parseProblems(view), ...found])
    },
    destroy: () => view.destroy(),
  }
}

const LOOK = EditorView.theme({
  '&': { fontSize: '13px', maxHeight: '34rem', color: 'var(--text)' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.5' },
  '.cm-content': { caretColor: 'var(--text)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-gutters': {
    backgroundColor: 'var(--code-ground)',
    color: 'var(--quiet)',
    borderRight: '1px solid var(--line)',
  },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--accent-ground)' },
  '&.cm-focused': { outline: '2px solid var(--focus)' },
  '.cm-tooltip': {
    backgroundColor: 'var(--raised)',
    color: 'var(--text)',
    border: '1px solid var(--line-strong)',
  },
  '.cm-completionInfo': { maxWidth: '22rem', padding: '0.4rem 0.6rem' },
  '.cm-help': { padding: '0.4rem 0.6rem', maxWidth: '26rem' },
  '.cm-diagnostic': { color: 'var(--text)' },
  // The colours that come along are made for white ground.
  '.cm-line span': { color: 'inherit' },
})

function show(view: EditorView, diagnostics: readonly Diagnostic[]): void {
  view.dispatch(setDiagnostics(view.state, [...diagnostics]))
}

const findParseProblems = jsonParseLinter()

function parseProblems(view: EditorView): readonly Diagnostic[] {
  return view.state.doc.toString().trim() === '' ? [] : findParseProblems(view)
}

function complete(context: CompletionContext, schema: Schema | undefined) {
  if (schema === undefined) return null
  // While one types, only within quotes: elsewhere it would be in the way.
  const isQuoted = context.matchBefore(/"[^"\n]*/) !== null
  if (!context.explicit && !isQuoted) return null
  const suggestions = suggest(schema, context.state.doc.toString(), context.pos)
  if (suggestions === undefined) return null
  const { from, to, found } = suggestions
  // Offered are words without their quotes: the filter looks at what stands between them.
  const isInQuotes = context.state.sliceDoc(from, from + 1) === '"'
  return {
    from: isInQuotes ? from + 1 : from,
    filter: true,
    validFor: /^[\w.:$-]*$/,
    options: found.map(({ label, about, kind, text }) => ({
      label,
      type: kind === 'key' ? 'property' : 'constant',
      ...(about !== undefined && { detail: shortened(about), info: about }),
      apply: (view: EditorView) => {
        const end = isInQuotes ? endOfWord(view, from, to) : view.state.selection.main.head
        view.dispatch({
          changes: { from, to: end, insert: text },
          selection: { anchor: from + text.length },
          userEvent: 'input.complete',
        })
        // After a key its values are of interest at once.
        if (kind === 'key') startCompletion(view)
      },
    })),
  }
}

const DETAIL_LENGTH_MAX = 48

function shortened(about: string): string {
  return about.length > DETAIL_LENGTH_MAX ? `${about.slice(0, DETAIL_LENGTH_MAX - 1)}…` : about
}

/** More may have been typed since it was asked what fits: up to the closing quote. */
function endOfWord(view: EditorView, from: number, to: number): number {
  const line = view.state.doc.lineAt(from)
  const rest = line.text.slice(from - line.from + 1)
  const closing = rest.indexOf('"')
  return closing < 0 ? Math.max(to, view.state.selection.main.head) : from + 1 + closing + 1
}

function helpOnHover(schema: () => Schema | undefined) {
  return hoverTooltip((view, pos) => {
    const known = schema()
    const about = known && explain(known, view.state.doc.toString(), pos)
    if (about === undefined) return null
    return {
      pos,
      above: true,
      create: () => {
        const dom = document.createElement('div')
        dom.className = 'cm-help'
        dom.textContent = about
        return { dom }
      },
    }
  })
}
