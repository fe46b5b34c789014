// Replicas of real Yjs, told over JSON lines what to do; see ../integration/test_npm_repair.py.
//
//     > {"do": "edit", "replica": 0, "edits": 3, "seed": 7}      < updates that it made, base64
//     > {"do": "apply", "replica": 0, "updates": ["..."]}        < what it shows
//
// Edits go to any UTF-16 offset and insert NUL, halves of emoji and U+FFFD, as some editors do.

import { createInterface } from 'node:readline'
import * as Y from 'yjs'
import { dice } from './dice.mjs'

const PIECES = ['a', 'bc', '😀', 'x😀y', '\0', 'n\0n', '\ud83d', '\ude00', 'l\ud83dr', '\ufffd', '👩‍👩‍👧']
const replicas = new Map()

function replica ({ replica: number, client }) {
  if (!replicas.has(number)) {
    const doc = new Y.Doc()
    doc.clientID = client
    const made = []
    doc.on('update', (update, origin) => { if (origin !== 'remote') made.push(update) })
    replicas.set(number, { doc, made, text: doc.getText('content'), nested: () => doc.getArray('list') })
  }
  return replicas.get(number)
}

function edit (text, roll) {
  const at = roll(text.length + 1)
  if (text.length && roll(3) === 0) text.delete(Math.min(at, text.length - 1), 1)
  else text.insert(at, PIECES[roll(PIECES.length)], roll(8) === 0 ? { bold: true } : undefined)
}

/** A text in a list, and marks, as a rich editor has them. */
function editNested (doc, roll) {
  const list = doc.getArray('list')
  if (list.length === 0) list.insert(0, [new Y.XmlText()])
  else edit(list.get(roll(list.length)), roll)
}

const encode = (updates) => updates.map((update) => Buffer.from(update).toString('base64'))
const decode = (text) => new Uint8Array(Buffer.from(text, 'base64'))

const commands = {
  edit (order) {
    const { doc, made, text } = replica(order)
    const roll = dice(order.seed)
    for (let n = 0; n < order.edits; n++) {
      const change = () => order.rich && roll(2) ? editNested(doc, roll) : edit(text, roll)
      if (roll(4)) change()
      else doc.transact(() => { change(); change() })
    }
    return encode(made.splice(0))
  },
  apply (order) {
    const { doc, made, text } = replica(order)
    for (const update of order.updates) Y.applyUpdate(doc, decode(update), 'remote')
    // Yjs deletes marks that it finds to be needless, and tells the others.
    return { text: text.toString(), list: JSON.stringify(doc.getArray('list').toJSON()), made: encode(made.splice(0)) }
  },
  state: (order) => encode([Y.encodeStateAsUpdate(replica(order).doc)]),
  drop: () => { replicas.clear() }
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const order = JSON.parse(line)
    process.stdout.write(JSON.stringify(commands[order.do](order) ?? null) + '\n')
  })
  .on('close', () => process.exit(0))
