// Owns the rich editor for JSON. It lives in a shadow root: there its styles are objects of the page
// and need no exception in the content security policy.
import { autocompletion, type CompletionContext } from '@codemirror/autocomplete'
import { json, jsonParseLinter } from '@codemirror/lang-json'
import { linter } from '@codemirror/lint'
import { basicSetup, EditorView } from 'codemirror'

export type RichEditor = {
  readonly destroy: () => void
}

export function openEditor(
  parent: HTMLElement,
  options: {
    readonly text: string
    readonly label: string
    /** Names that are offered inside quotes. */
    readonly keys: readonly string[]
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
      linter(jsonParseLinter()),
      autocompletion({ override: [(context) => completeName(context, options.keys)] }),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ 'aria-label': options.label }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) options.onChange(update.state.doc.toString())
      }),
      EditorView.theme({
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
        // The colours that come along are made for white ground.
        '.cm-line span': { color: 'inherit' },
      }),
    ],
  })
  // So that it scrolls by keyboard, too.
  view.scrollDOM.tabIndex = 0
  return {
    destroy: () => view.destroy(),
  }
}

function completeName(context: CompletionContext, keys: readonly string[]) {
  const word = context.matchBefore(/"[\w.]*/)
  if (word === null) return null
  return {
    from: word.from + 1,
    options: keys.map((label) => ({ label })),
    validFor: /^[\w.]*$/,
  }
}
