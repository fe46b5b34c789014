// What an editor makes of `\r`: `node line_ends.mjs codemirror|quill` prints it as JSON.

import { Window } from 'happy-dom'

const WINDOWS = 'p\r\nq\rr'

async function codemirror () {
  const window = new Window({ url: 'http://localhost/' })
  const functions = ['getComputedStyle', 'getSelection', 'requestAnimationFrame', 'cancelAnimationFrame', 'addEventListener', 'removeEventListener', 'matchMedia']
  const others = ['document', 'Node', 'Element', 'HTMLElement', 'MutationObserver', 'navigator', 'innerHeight', 'innerWidth', 'Range', 'Event', 'Text', 'Document', 'ShadowRoot']
  const globals = Object.fromEntries([
    ...functions.map((name) => [name, window[name]?.bind(window)]),
    ...others.map((name) => [name, window[name]])
  ])
  for (const [name, value] of Object.entries({ ...globals, window })) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  }
  const { EditorState } = await import('@codemirror/state')
  const { EditorView } = await import('@codemirror/view')
  const { yCollab } = await import('y-codemirror.next')
  return (text) => {
    const state = EditorState.create({ doc: text.toString(), extensions: [yCollab(text, null)] })
    const view = new EditorView({ state, parent: document.createElement('div') })
    return {
      paste: (what) => {
        const event = new window.Event('paste', { bubbles: true, cancelable: true })
        const getData = (kind) => kind.startsWith('text/plain') ? what : ''
        Object.defineProperty(event, 'clipboardData', { value: { getData } })
        view.contentDOM.dispatchEvent(event)
      },
      length: () => view.state.doc.length,
      insert: (at, what) => view.dispatch({ changes: { from: at, insert: what } })
    }
  }
}

async function quill () {
  const { createQuill } = await import('./quill.mjs')
  return (text) => {
    const editor = createQuill(text)
    return {
      // What its listener does with the event, which asks for a selection that only screens have.
      paste: (what) => editor.clipboard.onPaste({ index: 0, length: 0 }, { text: what, html: '' }),
      // It ends in a line feed of its own.
      length: () => editor.getLength() - 1,
      insert: (at, what) => editor.insertText(at, what, 'user')
    }
  }
}

const create = await { codemirror, quill }[process.argv[2]]()
const { Doc } = await import('yjs')

function open (content) {
  const text = new Doc().getText('content')
  if (content) text.insert(0, content)
  return { text, editor: create(text) }
}

const stored = open('a\r\nb')
const shown = stored.editor.length()
stored.editor.insert(shown - 1, 'X')

const written = open('')
written.editor.insert(0, WINDOWS)

const pasted = open('')
pasted.editor.paste(WINDOWS)

const strip = (text) => text.toString().replace(/\n$/, '')
const result = { shown, typed: strip(stored.text), written: strip(written.text), pasted: strip(pasted.text) }
process.stdout.write(JSON.stringify(result), () => process.exit(0))
