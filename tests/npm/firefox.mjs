// A Firefox that is told what to do over JSON lines, as driver.mjs is; see ../e2e/firefox.py.
//
//     node firefox.mjs /usr/bin/firefox /tmp/downloads 900000
//     > {"id": 1, "do": "open", "url": "http://127.0.0.1:8000/d/notes"}
//     < {"id": 1, "result": 0}                     the number of the window
//     > {"id": 2, "window": 0, "do": "type", "text": "hello"}
//     < {"id": 2, "result": null}
//
// It downloads into that folder, and waits so many milliseconds for an address to open, or an answer to come.
// Each window has a profile of its own unless `beside` names another window. It ends when its stdin does.

import { createInterface } from 'node:readline'
import puppeteer from 'puppeteer-core'

console.log = console.error // stdout is for answers

const [executablePath, downloads, patience] = process.argv.slice(2)
const timeout = Number(patience)
const browser = await puppeteer.launch({
  browser: 'firefox',
  executablePath,
  timeout,
  protocolTimeout: timeout,
  headless: true,
  args: ['--remote-allow-system-access'],
  extraPrefsFirefox: {
    'browser.download.dir': downloads,
    'browser.download.folderList': 2
  }
})
const windows = []
const errors = []

async function open ({ url, beside = null }) {
  const context = beside === null ? await browser.createBrowserContext() : windows[beside].browserContext()
  const page = await context.newPage()
  page.setDefaultTimeout(timeout)
  await page.setViewport({ width: 1200, height: 800 })
  page.on('pageerror', (error) => {
    // Firefox reports a lost connection as if a script had thrown it.
    if (!/^Error: .*\b(establish a connection|connection to .* was interrupted)/.test(error)) errors.push(String(error))
  })
  page.on('console', (message) => {
    if (message.text().includes('Content-Security-Policy')) errors.push(message.text())
  })
  await page.goto(url)
  return windows.push(page) - 1
}

/**
 * What an input method of the system does: shows `text` as what is about to be written, or writes it. This is
 * Firefox's own interface for input methods (nsITextInputProcessor), in the window of the browser itself:
 * WebDriver and BiDi have none.
 */
async function compose ({ text, isDone }) {
  const { result: tree } = await browser.connection.send('browsingContext.getTree', { 'moz:scope': 'chrome' })
  const { result: outcome } = await browser.connection.send('script.callFunction', {
    functionDeclaration: String(composeInFront),
    arguments: [{ type: 'string', value: text }, { type: 'boolean', value: isDone }],
    target: { context: tree.contexts[0].context },
    awaitPromise: false
  })
  if (outcome.type === 'exception') throw new Error(outcome.exceptionDetails.text)
  return null
}

/* global Components, window */
function composeInFront (text, isDone) {
  const { classes, interfaces } = Components
  window.textProcessor ??= classes['@mozilla.org/text-input-processor;1']
    .createInstance(interfaces.nsITextInputProcessor)
  const processor = window.textProcessor
  const answer = (_, { type }) => {
    if (type === 'request-to-commit') processor.commitComposition()
    if (type === 'request-to-cancel') processor.cancelComposition()
    return true
  }
  const isReady = processor.hasComposition || processor.beginInputTransaction(window, answer)
  if (!isReady) throw new Error('another input method is in use')
  if (isDone) return processor.commitCompositionWith(text)
  processor.setPendingCompositionString(text)
  processor.appendClauseToPendingComposition(text.length, processor.ATTR_RAW_CLAUSE)
  processor.setCaretInPendingComposition(text.length)
  if (!processor.flushPendingComposition()) throw new Error('nothing takes the text')
}

const commands = {
  visit: (page, { url }) => page.goto(url).then(() => null),
  reload: (page) => page.reload().then(() => null),
  close: (page) => page.close(),
  front: (page) => page.bringToFront(),
  /** A script that runs before those of each page that is opened from here on. */
  prepare: (page, { script }) => page.evaluateOnNewDocument(script).then(() => null),
  pdf: async (page) => Buffer.from(await page.pdf({ format: 'A4' })).toString('base64'),
  async choose (page, { selector, paths }) {
    const field = await page.$(selector)
    await field.uploadFile(...paths)
  },
  type: (page, { text }) => page.keyboard.type(text),
  /** Keys are held together: `["Control", "z"]`. */
  async press (page, { keys }) {
    for (const key of keys) await page.keyboard.down(key)
    for (const key of keys.toReversed()) await page.keyboard.up(key)
  },
  click: (page, { selector }) => page.click(selector),
  focus: (page, { selector }) => page.focus(selector),
  /** Writes a text as one step, where `type` would be several on a machine that pauses between keys. */
  insert: (page, { text }) => page.evaluate((text) => document.execCommand('insertText', false, text), text),
  evaluate: (page, { expression }) => page.evaluate(expression)
}

async function answer ({ id, window, do: name, ...parameters }) {
  try {
    if (name === 'open') return { id, result: await open(parameters) }
    if (name === 'errors') return { id, result: errors.splice(0) }
    if (name === 'compose') return { id, result: await compose(parameters) }
    if (name === 'process') return { id, result: browser.process().pid }
    return { id, result: (await commands[name](windows[window], parameters)) ?? null }
  } catch (error) {
    return { id, error: String(error) }
  }
}

try {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await answer(JSON.parse(line))) + '\n')
  }
} finally {
  await browser.close()
}
