// Edits drawn from a seed. Each inserts one character of its own, a token, that no edit ever deletes:
// so each is recognised in the log and in the text, whatever was merged with it. Tokens are
// private-use characters above U+F0000, two UTF-16 units each, as emoji are.

export const TEXT_ROOT = 'content'

const FIRST_TOKEN = 0xF0000
const FILLERS = ['', 'a', 'bc', 'é', '\n', '😀', '👩‍👧', '…']

/**
 * Edit a Y.Text.
 *
 * @param {{count: number, seed: number, token: number, burst?: number, pause_ms?: number}} plan
 *   `token`: the first edit's, the others follow; `pause_ms` after every `burst` edits.
 */
export async function randomEdits (text, { count, seed, token, burst = count, pause_ms: pauseMs = 0 }) {
  const draw = dice(seed)
  for (let made = 0; made < count; made++) {
    if (made > 0 && made % burst === 0) await pause(pauseMs)
    const characters = Array.from(text.toString()) // by code point: no pair is cut
    const at = draw(characters.length + 1)
    const offset = width(characters.slice(0, at))
    const removed = draw(3) === 0 ? fillersFrom(characters, at, 3) : []
    text.doc.transact(() => {
      if (removed.length > 0) text.delete(offset, width(removed))
      text.insert(offset, String.fromCodePoint(token + made) + FILLERS[draw(FILLERS.length)])
    })
  }
}

/** Type into a TipTap document, at places in its paragraphs and headings; the plan is as above. */
export async function typeRandomly (editor, { count, seed, token, burst = count, pause_ms: pauseMs = 0 }) {
  const draw = dice(seed)
  for (let made = 0; made < count; made++) {
    if (made > 0 && made % burst === 0) await pause(pauseMs)
    const places = placesIn(editor.state.doc)
    const filler = FILLERS[draw(FILLERS.length)].replace('\n', ' ')
    const typed = String.fromCodePoint(token + made) + filler
    editor.view.dispatch(editor.state.tr.insertText(typed, places[draw(places.length)]))
  }
}

/** The ProseMirror positions between the characters of all blocks of text. */
function placesIn (document) {
  const places = []
  document.descendants((node, start) => {
    if (!node.isTextblock) return true
    let at = start + 1
    for (const character of Array.from(node.textContent)) {
      places.push(at)
      at += character.length
    }
    places.push(at)
    return false
  })
  return places
}

/** The characters from `at` on, at most `most`, up to the first token. */
function fillersFrom (characters, at, most) {
  const near = characters.slice(at, at + most)
  const end = near.findIndex((character) => character.codePointAt(0) >= FIRST_TOKEN)
  return end === -1 ? near : near.slice(0, end)
}

const width = (characters) => characters.reduce((sum, character) => sum + character.length, 0)

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms) })

/** Returns a function that draws from 0 up to below its argument: a linear congruential generator. */
function dice (seed) {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
