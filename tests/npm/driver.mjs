// One client as its author published it, told what to do over JSON lines; see ../integration/npm_client.py.
//
//     node driver.mjs yws|hocuspocus3|hocuspocus4
//     > {"id": 1, "client": 0, "do": "connect", "url": "ws://127.0.0.1:8000/yjs", "doc": "notes", "params": {"name": "Ana"}}
//     < {"id": 1, "result": null}
//
// Several clients in one process share a socket: `beside` names the one whose socket is used.
// Positions in the text are UTF-16 offsets, as everywhere in Yjs. It ends when its stdin does.

import { createInterface } from 'node:readline'
import { randomEdits, TEXT_ROOT, typeRandomly } from './edits.mjs'
import { open } from './provider.mjs'

console.log = console.error // stdout is for answers

const kind = process.argv[2]
const clients = new Map()

/** A session, its editor if it has one, and its text root. */
async function connect ({ url, doc, params = {}, token = null, beside = null, session_aware: sessionAware = false, editing = false, client_id: clientId = null, backoff_ms: backoffMs = null }) {
  const socketOf = beside === null ? null : clients.get(beside).session
  const session = open(kind, { url, name: doc, params, token, socketOf, sessionAware, backoffMs }, clientId)
  const text = session.doc.getText(TEXT_ROOT)
  if (editing === 'quill') {
    const quill = (await import('./quill.mjs')).createQuill(text, session.provider.awareness)
    return { session, editor: null, quill, text }
  }
  const module = editing && (editing === 'prosemirror' ? './prosemirror.mjs' : './editor.mjs')
  const editor = module ? (await import(module)).createEditor(session.doc) : null
  return { session, editor, quill: null, text }
}

const commands = {
  disconnect: ({ session }) => session.disconnect(),
  reconnect: ({ session }) => session.reconnect(),
  /** Leave for good, as a closed tab does. */
  leave ({ session, editor }) {
    editor?.destroy()
    session.leave()
  },
  set_token: ({ session }, { token }) => session.setToken(token),
  send_token: ({ session }, { token }) => session.sendToken(token),
  state: ({ session }) => session.state(),

  text: ({ text }) => text.toString(),
  insert: ({ text }, { pos, text: inserted }) => text.insert(pos, inserted),
  /** By UTF-16 units, which JSON cannot carry one half of a pair of. */
  insert_units: ({ text }, { pos, units }) => text.insert(pos, String.fromCharCode(...units)),
  delete: ({ text }, { pos, length }) => text.delete(pos, length),
  /** Yjs takes another id once it hears of its own from elsewhere; this takes it back. */
  pose: ({ session }, { client_id: clientId }) => { session.doc.clientID = clientId },
  /** Hand bytes to the provider as an update of its document. */
  emit: ({ session }, { update }) => { session.doc.emit('update', [new Uint8Array(Buffer.from(update, 'base64')), null, session.doc]) },
  random: ({ text }, plan) => randomEdits(text, plan),

  awareness: ({ session, text }) => session.others(text),
  announce: ({ session }, { fields }) => session.announce(fields),
  caret: ({ session, text }, { anchor, head }) => session.setCaret(text, anchor, head),

  set_content: ({ editor }, { content }) => { editor.commands.setContent(content) },
  insert_content: ({ editor }, { pos, content }) => { editor.commands.insertContentAt(pos, content) },
  type_randomly: ({ editor }, plan) => typeRandomly(editor, plan),
  type: ({ editor }, { pos, text }) => { editor.view.dispatch(editor.state.tr.insertText(text, pos)) },
  erase: ({ editor }, { from, to }) => { editor.view.dispatch(editor.state.tr.delete(from, to)) },
  quill_insert: ({ quill }, { pos, text }) => { quill.insertText(pos, text, 'user') },
  quill_delete: ({ quill }, { pos, length }) => { quill.deleteText(pos, length, 'user') },
  quill_text: ({ quill }) => quill.getText(),
  json: ({ editor }) => editor.getJSON(),
  html: ({ editor }) => editor.getHTML()
}

async function run ({ client, do: command, ...parameters }) {
  if (command !== 'connect') return await commands[command](clients.get(client), parameters)
  clients.set(client, await connect(parameters))
}

const answer = (message) => process.stdout.write(JSON.stringify(message) + '\n')

createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const { id, ...order } = JSON.parse(line)
    try {
      answer({ id, result: (await run(order)) ?? null })
    } catch (error) {
      answer({ id, error: String(error?.stack ?? error) })
    }
  })
  .on('close', () => process.exit(0))
