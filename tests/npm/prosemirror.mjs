// A ProseMirror editor in Node, bound by y-prosemirror itself rather than by TipTap's fork of it.
// Imported late: what it imports looks for a browser when it is loaded.

import { Window } from 'happy-dom'

const window = new Window({ url: 'http://localhost/' })
const FROM_BROWSER = ['document', 'Node', 'Element', 'HTMLElement', 'DOMParser', 'MutationObserver', 'navigator', 'getComputedStyle', 'getSelection', 'innerHeight', 'innerWidth']
const globals = Object.fromEntries(FROM_BROWSER.map((name) => [name, window[name]]))
for (const [name, value] of Object.entries({ ...globals, window })) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
}

const { DOMParser } = await import('prosemirror-model')
const { schema } = await import('prosemirror-schema-basic')
const { EditorState } = await import('prosemirror-state')
const { EditorView } = await import('prosemirror-view')
const { initProseMirrorDoc, ySyncPlugin } = await import('y-prosemirror')

/** An editor of the document's fragment `prosemirror`, as the guide of y-prosemirror sets one up; it has the face of a TipTap one. */
export function createEditor (ydoc) {
  const fragment = ydoc.getXmlFragment('prosemirror')
  const { doc, mapping } = initProseMirrorDoc(fragment, schema)
  const state = EditorState.create({ doc, schema, plugins: [ySyncPlugin(fragment, { mapping })] })
  const view = new EditorView(document.createElement('div'), { state })
  const setContent = (html) => {
    const shown = document.createElement('div')
    shown.innerHTML = html
    const { content } = DOMParser.fromSchema(schema).parse(shown)
    view.dispatch(view.state.tr.replaceWith(0, view.state.doc.content.size, content))
  }
  return {
    view,
    get state () { return view.state },
    commands: { setContent },
    getJSON: () => view.state.doc.toJSON(),
    destroy: () => view.destroy()
  }
}
