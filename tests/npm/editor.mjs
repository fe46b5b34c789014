// A TipTap editor in Node. Imported late: what it imports looks for a browser when it is loaded.

import { Window } from 'happy-dom'

const window = new Window({ url: 'http://localhost/' })
const FROM_BROWSER = ['document', 'Node', 'Element', 'HTMLElement', 'DOMParser', 'MutationObserver', 'navigator', 'getComputedStyle', 'getSelection', 'innerHeight', 'innerWidth']
const globals = Object.fromEntries(FROM_BROWSER.map((name) => [name, window[name]]))
for (const [name, value] of Object.entries({ ...globals, window })) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
}

const { Editor } = await import('@tiptap/core')
const { default: Bold } = await import('@tiptap/extension-bold')
const { default: Collaboration } = await import('@tiptap/extension-collaboration')
const { default: Document } = await import('@tiptap/extension-document')
const { default: Heading } = await import('@tiptap/extension-heading')
const { default: Paragraph } = await import('@tiptap/extension-paragraph')
const { default: Text } = await import('@tiptap/extension-text')

/** An editor of the document's fragment `default`, as TipTap's guide sets one up. */
export function createEditor (doc) {
  return new Editor({
    element: document.createElement('div'),
    extensions: [Document, Paragraph, Heading, Bold, Text, Collaboration.configure({ document: doc })]
  })
}
