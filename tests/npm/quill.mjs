// A Quill editor in Node. Imported late: what it imports looks for a browser when it is loaded.

import { Window } from 'happy-dom'

const window = new Window({ url: 'http://localhost/' })
const FROM_BROWSER = ['document', 'Node', 'Element', 'HTMLElement', 'DOMParser', 'MutationObserver', 'navigator', 'getComputedStyle', 'getSelection', 'Text', 'Range']
const globals = Object.fromEntries(FROM_BROWSER.map((name) => [name, window[name]]))
for (const [name, value] of Object.entries({ ...globals, window })) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
}

const { default: Quill } = await import('quill')
const { QuillBinding } = await import('y-quill')

/** An editor of a text, as Quill's guide to Yjs sets one up. */
export function createQuill (text, awareness) {
  const quill = new Quill(document.createElement('div'), { modules: { history: { userOnly: true } } })
  return Object.assign(quill, { binding: new QuillBinding(text, quill, awareness) })
}
