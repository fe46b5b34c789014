// Writes tests/vectors/yjs_updates.json: updates as real Yjs makes them, for the gate's tests.
//
//   node scripts/make_yjs_vectors.mjs        (needs yjs and y-protocols from web/package.json;
//                                             YJS_FROM names another folder that has them)
//
// Each vector is a document's updates in the order in which they were made, hex, and what Yjs then
// has: its state vector, and its text root if it has one. Client ids and dice are fixed, so the file
// changes only when Yjs does.

import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const require = createRequire(join(resolve(process.env.YJS_FROM ?? join(here, '../web')), 'x.js'))
const Y = require('yjs')
const awarenessProtocol = require('y-protocols/awareness')

const hex = (bytes) => Buffer.from(bytes).toString('hex')
const vectors = []

function dice (seed) {
  let state = seed >>> 0
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * n)
  }
}

function document (clientID) {
  const doc = new Y.Doc()
  doc.clientID = clientID
  return doc
}

function record (name, edit, { clientID = 1001, text = 'content', refused = null } = {}) {
  const doc = document(clientID)
  const updates = []
  doc.on('update', (update) => updates.push(hex(update)))
  edit(doc)
  vectors.push({
    name,
    updates,
    state: hex(Y.encodeStateAsUpdate(doc)),
    stateVector: hex(Y.encodeStateVector(doc)),
    text: text === null ? null : doc.getText(text).toString(),
    refused
  })
}

record('text', (doc) => {
  const text = doc.getText('content')
  for (const [i, char] of [...'Hello, world'].entries()) text.insert(i, char)
  text.insert(5, ' there')
  text.delete(0, 1)
  text.delete(2, 6)
  text.insert(0, 'J')
})
record('emoji and other scripts', (doc) => {
  const text = doc.getText('content')
  text.insert(0, 'a😀b👩‍👩‍👧c')
  text.insert(3, 'é中文')
  text.insert(1, '😁')
  text.delete(1, 2)
  text.insert(text.length, '🏳️‍🌈')
}, { clientID: 2 ** 53 - 1 })
record('a replacement character is a character', (doc) => doc.getText('content').insert(0, 'a\ufffdb'))
record('formats', (doc) => {
  const text = doc.getText('content')
  text.insert(0, 'bold and plain')
  text.format(0, 4, { bold: true, link: { href: 'https://example.org', depth: [1, [2]] } })
  text.insert(4, 'er', { bold: true })
  text.format(2, 2, { bold: null })
}, { clientID: 7 })
record('embeds', (doc) => {
  const text = doc.getText('content')
  text.insert(0, 'ab')
  text.insertEmbed(1, { image: 'x.png', size: [1, 2.5, -3e10] })
  text.insertEmbed(0, new Y.Map([['k', 'v']]))
}, { text: null })
record('any values', (doc) => {
  const array = doc.getArray('list')
  array.insert(0, [[undefined], null, true, false, 0, -1, 63, 64, -64, 2 ** 31 - 1, -(2 ** 31), 2 ** 40,
    0.5, 1 / 3, -0, Number.MAX_SAFE_INTEGER, [123n], 'text 😀', '', [], {}, [1, [2, [3]]], { a: { b: [null] } }])
  array.insert(2, [new Uint8Array([1, 2, 255])])
  array.delete(0, 5)
}, { text: null })
record('maps', (doc) => {
  const map = doc.getMap('meta')
  map.set('title', 'One')
  map.set('title', 'Two')
  map.set('deep', new Y.Map([['list', Y.Array.from([1, 'x'])]]))
  map.get('deep').get('list').push([new Y.Text('inner')])
  map.delete('title')
  map.set('bytes', new Uint8Array(20))
}, { text: null })
record('xml', (doc) => {
  const fragment = doc.getXmlFragment('prosemirror')
  const element = new Y.XmlElement('paragraph')
  fragment.insert(0, [element])
  element.setAttribute('align', 'left')
  const text = new Y.XmlText('in xml')
  element.insert(0, [text])
  text.format(0, 2, { strong: {} })
  element.insert(1, [new Y.XmlElement('image'), new Y.XmlFragment()])
  fragment.delete(0, 1)
}, { text: null })
record('xml hook', (doc) => doc.getXmlFragment('x').insert(0, [new Y.XmlHook('hook')]), { text: null, refused: 'hook' })
record('sub-document', (doc) => doc.getMap('docs').set('one', new Y.Doc({ guid: 'guid' })), { text: null, refused: 'sub-document' })
record('one transaction over several roots', (doc) => doc.transact(() => {
  doc.getText('content').insert(0, 'abc')
  doc.getMap('meta').set('k', 1)
  doc.getText('content').delete(1, 1)
  doc.getArray('list').push(['x'])
}))
record('undo and redo', (doc) => {
  const text = doc.getText('content')
  const undo = new Y.UndoManager(text, { captureTimeout: 0 })
  text.insert(0, 'one ')
  text.insert(4, 'two 😀')
  text.delete(0, 3)
  undo.undo(); undo.undo(); undo.redo()
})
record('a nested text deleted and collected', (doc) => {
  const map = doc.getMap('m')
  map.set('t', new Y.Text('gone soon'))
  map.get('t').insert(3, '!')
  map.delete('t')
}, { text: null })

// Two writers who know each other's text; then the same as one merged update, as diffs, as GC'd state.
{
  const [a, b] = [document(11), document(3)]
  const updates = []
  for (const [doc, peer] of [[a, b], [b, a]]) {
    doc.on('update', (update, origin) => {
      if (origin === 'remote') return
      updates.push(hex(update))
      Y.applyUpdate(peer, update, 'remote')
    })
  }
  const roll = dice(5)
  for (let i = 0; i < 60; i++) {
    const text = (roll(2) ? a : b).getText('content')
    if (text.length > 4 && roll(4) === 0) text.delete(roll(text.length - 2), 1 + roll(2))
    else text.insert(roll(text.length + 1), 'abcdefghij'.slice(0, 1 + roll(4)))
  }
  const bytes = updates.map((u) => Buffer.from(u, 'hex'))
  const common = { stateVector: hex(Y.encodeStateVector(a)), text: a.getText('content').toString(), refused: null }
  const state = hex(Y.encodeStateAsUpdate(a))
  vectors.push({ name: 'two writers', updates, state, ...common })
  vectors.push({ name: 'two writers, merged', updates: [hex(Y.mergeUpdates(bytes))], state, ...common })
  vectors.push({ name: 'two writers, merged in halves that overlap', updates: [hex(Y.mergeUpdates(bytes.slice(0, 40))), hex(Y.mergeUpdates(bytes.slice(0)))], state, ...common })
  const half = document(99)
  for (const u of bytes.slice(0, 30)) Y.applyUpdate(half, u)
  vectors.push({ name: 'two writers, state and diff', updates: [hex(Y.encodeStateAsUpdate(half)), hex(Y.encodeStateAsUpdate(a, Y.encodeStateVector(half)))], state, ...common })
}

// An update with a gap: Yjs writes a Skip.
{
  const doc = document(5)
  const updates = []
  doc.on('update', (update) => updates.push(update))
  for (const char of 'abc') doc.getText('content').insert(0, char)
  vectors.push({ name: 'merged with a gap', updates: [hex(Y.mergeUpdates([updates[0], updates[2]]))], state: hex(Y.encodeStateAsUpdate(doc)), stateVector: '00', text: null, refused: 'gap' })
}

// What a prefix/suffix diff in UTF-16 does to an emoji: the second update cuts the pair.
{
  const doc = document(6)
  const updates = []
  doc.on('update', (update) => updates.push(hex(update)))
  doc.getText('content').insert(0, 'a😀b')
  doc.getText('content').delete(2, 1)
  doc.getText('content').insert(2, '\ude01')
  vectors.push({ name: 'half an emoji', updates, state: hex(Y.encodeStateAsUpdate(doc)), stateVector: hex(Y.encodeStateVector(doc)), text: null, refused: 'surrogate' })
}

const awareness = []
{
  const doc = document(41)
  const mine = new awarenessProtocol.Awareness(doc)
  const add = (name) => awareness.push({ name, update: hex(awarenessProtocol.encodeAwarenessUpdate(mine, [41])), clock: mine.meta.get(41).clock, state: mine.getLocalState() })
  add('empty state')
  mine.setLocalState({ user: { name: 'Ada 😀', color: '#30bced' }, cursor: null })
  add('user')
  mine.setLocalStateField('cursor', { anchor: { type: null, tname: 'content', item: { client: 41, clock: 3 }, assoc: 0 }, head: null })
  add('cursor')
  mine.setLocalState(null)
  add('gone')
  mine.destroy()
}

const path = join(here, '../tests/vectors/yjs_updates.json')
writeFileSync(path, JSON.stringify({ yjs: require('yjs/package.json').version, vectors, awareness }, null, 1) + '\n')
console.log(`${vectors.length} vectors, ${awareness.length} awareness updates`)
process.exit(0)
