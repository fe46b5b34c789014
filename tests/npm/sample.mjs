// Runs a sample of docs/yjs.md as a page without a screen would: node sample.mjs FILE.mjs
//
// FILE exports `provider` and `type(text)`. It types a line once it is in step, and ends when the
// server has shown that it took it.

import { pathToFileURL } from 'node:url'
import { Window } from 'happy-dom'
import WebSocket from 'ws'

const window = new Window({ url: 'http://127.0.0.1/' })
window.document.body.innerHTML = '<div id="editor"></div>'
const FROM_BROWSER = ['document', 'Node', 'Element', 'HTMLElement', 'DOMParser', 'MutationObserver', 'navigator', 'getComputedStyle', 'getSelection', 'innerHeight', 'innerWidth', 'Range', 'Text', 'requestAnimationFrame', 'cancelAnimationFrame', 'CSSStyleSheet', 'ShadowRoot']
for (const [name, value] of Object.entries({ window, WebSocket, ...Object.fromEntries(FROM_BROWSER.map((name) => [name, window[name]])) })) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
}

const { provider, type } = await import(pathToFileURL(process.argv[2]))

const until = async (what) => {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 20))
}

await until(() => provider.synced)
type('Hello from an editor')
await new Promise((resolve) => setTimeout(resolve, 100))
await until(() => (provider.unsyncedChanges ?? 0) === 0)
process.stdout.write('typed\n')
process.stdin.on('end', () => process.exit(0)).resume()
