// Editors of real Yjs, with undo and without garbage collection, told over JSON lines what to do; see
// ../integration/test_npm_editors.py.
//
//     > {"do": "open", "editor": 0, "client": 7, "kind": "map", "gc": true, "seed": 1, "updates": []}
//     > {"do": "edit", "editor": 0, "edits": 3, "seed": 7}       < updates that it made, base64
//     > {"do": "apply", "editor": 0, "updates": ["..."]}         < the same

import { createInterface } from 'node:readline'
import * as Y from 'yjs'
import { dice } from './dice.mjs'

const WORDS = ['a', 'bc', 'é', '😀', 'x😀y', '👩‍👩‍👧', '\n', 'a longer text']
const MARKS = [{}, { bold: true }, { bold: null }, { italic: 1, bold: true }, { link: { href: 'x' } }]
const VALUES = [1, -1.5, 'text', '😀', true, null, [1, [2, { a: 'b' }]], 2 ** 40, new Uint8Array([1, 2, 3])]
const KEYS = ['a', 'b', 'c']
const editors = new Map()

const pick = (roll, list) => list[roll(list.length)]

/** A place between two characters of a text, and the length of some that follow. */
function range (text, roll) {
  const shown = text.toDelta().map(({ insert }) => typeof insert === 'string' ? insert : '\0').join('')
  const characters = Array.from(shown)
  const at = roll(characters.length + 1)
  const width = (from, to) => characters.slice(from, to).join('').length
  return [width(0, at), width(at, at + roll(4))]
}

function editText (text, roll) {
  const [at, length] = range(text, roll)
  const edit = roll(6)
  if (edit === 0 && length) text.delete(at, length)
  else if (edit === 1 && length) text.format(at, length, pick(roll, MARKS))
  else if (edit === 2) text.insertEmbed(at, roll(2) ? { image: 'a' } : new Y.XmlText('inside'), pick(roll, MARKS))
  else text.insert(at, pick(roll, WORDS), roll(2) ? pick(roll, MARKS) : undefined)
}

/** A value, or a type with something in it. */
function value (roll, depth = 0) {
  const kind = roll(depth > 2 ? 4 : 8)
  if (kind === 4) return new Y.Map([['a', value(roll, depth + 1)]])
  if (kind === 5) return Y.Array.from([value(roll, depth + 1), value(roll, depth + 1)])
  if (kind === 6) return new Y.Text(pick(roll, WORDS))
  return pick(roll, VALUES)
}

function editList (list, roll) {
  const at = roll(list.length + 1)
  if (at < list.length && roll(3) === 0) list.delete(at, 1)
  else list.insert(at, roll(2) ? [value(roll)] : [1, 'two', value(roll)])
}

function editMap (map, roll) {
  if (roll(4) === 0) map.delete(pick(roll, KEYS))
  else map.set(pick(roll, KEYS), value(roll))
}

function editXml (element, roll) {
  const edit = roll(5)
  if (edit === 0) element.insert(roll(element.length + 1), [new Y.XmlElement('p')])
  else if (edit === 1) element.insert(roll(element.length + 1), [new Y.XmlText(pick(roll, WORDS))])
  else if (edit === 2 && element.length) element.delete(roll(element.length), 1)
  else if (element instanceof Y.XmlElement) element.setAttribute(pick(roll, KEYS), pick(roll, WORDS))
}

function inside (type) {
  const values = type instanceof Y.Map
    ? [...type.values()]
    : type instanceof Y.Text ? type.toDelta().map(({ insert }) => insert) : type.toArray()
  return values.filter((each) => each instanceof Y.AbstractType)
}

/** Edit a type or one anywhere inside of it. */
function editAny (type, roll) {
  for (let inner = inside(type); inner.length && roll(3); inner = inside(type)) type = pick(roll, inner)
  if (type instanceof Y.Text) editText(type, roll)
  else if (type instanceof Y.XmlFragment) editXml(type, roll)
  else if (type instanceof Y.Map) editMap(type, roll)
  else editList(type, roll)
}

const ROOTS = {
  text: (doc) => [doc.getText('content')],
  map: (doc) => [doc.getMap('map')],
  tree: (doc) => [doc.getArray('list'), doc.getMap('map'), doc.getText('content')],
  xml: (doc) => [doc.getXmlFragment('prosemirror')]
}

const sorted = (object) => Object.fromEntries(Object.entries(object).sort(([a], [b]) => a < b ? -1 : 1))

function shown (type) {
  if (type instanceof Y.XmlElement) return [type.nodeName, sorted(type.getAttributes()), type.toArray().map(shown)]
  if (type instanceof Y.Text) return type.toDelta().map(({ insert, attributes }) => [shown(insert), sorted(attributes ?? {})])
  if (type instanceof Y.Map) return sorted(Object.fromEntries([...type].map(([key, each]) => [key, shown(each)])))
  return type instanceof Y.AbstractType ? type.toArray().map(shown) : type
}

const show = (doc, kind) => JSON.stringify(ROOTS[kind](doc).map(shown))
const encode = (update) => Buffer.from(update).toString('base64')
const decode = (text) => new Uint8Array(Buffer.from(text, 'base64'))
const taken = ({ made }) => made.splice(0).map(encode)

function documentOf (gc, updates) {
  const doc = new Y.Doc({ gc })
  // At once: after each transaction Yjs removes marks that are not needed then, by edits of its own, which an editor
  // sends, and which a document that only shows what the log has would keep for itself.
  doc.transact(() => { for (const update of updates) Y.applyUpdate(doc, decode(update), 'remote') }, 'remote')
  return doc
}

const commands = {
  open ({ editor: number, client, kind, gc, seed, updates }) {
    const doc = documentOf(gc, updates)
    doc.clientID = client
    const roots = ROOTS[kind](doc)
    const made = []
    doc.on('update', (update, origin) => { if (origin !== 'remote') made.push(update) })
    const undo = dice(seed)(4) ? new Y.UndoManager(roots, { captureTimeout: 0, trackedOrigins: new Set(['edit']) }) : null
    editors.set(number, { doc, kind, roots, made, undo })
  },
  edit ({ editor: number, edits, seed }) {
    const editor = editors.get(number)
    const roll = dice(seed)
    for (let n = 0; n < edits; n++) {
      if (editor.undo && roll(4) === 0) {
        for (let steps = 1 + roll(3); steps > 0; steps--) roll(3) ? editor.undo.undo() : editor.undo.redo()
        continue
      }
      const changes = roll(5) ? 1 : 1 + roll(20)
      editor.doc.transact(() => { for (let n = 0; n < changes; n++) editAny(pick(roll, editor.roots), roll) }, 'edit')
    }
    return taken(editor)
  },
  apply ({ editor: number, updates }) {
    const editor = editors.get(number)
    for (const update of updates) Y.applyUpdate(editor.doc, decode(update), 'remote')
    return taken(editor)
  },
  show: ({ editor: number }) => show(editors.get(number).doc, editors.get(number).kind),
  replay: ({ kind, updates }) => show(documentOf(true, updates), kind),
  vector: ({ editor: number }) => encode(Y.encodeStateVector(editors.get(number).doc)),
  state: ({ editor: number, vector }) => encode(Y.encodeStateAsUpdate(editors.get(number).doc, vector ? decode(vector) : undefined)),
  merge: ({ updates }) => encode(Y.mergeUpdates(updates.map(decode))),
  diff: ({ update, vector }) => encode(Y.diffUpdate(decode(update), decode(vector))),
  drop: () => { editors.clear() }
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const order = JSON.parse(line)
    process.stdout.write(JSON.stringify(commands[order.do](order) ?? null) + '\n')
  })
  .on('close', () => process.exit(0))
