// A Firefox that is told what to do over JSON lines, as driver.mjs is; see ../e2e/firefox.py.
//
//     node firefox.mjs /usr/bin/firefox
//     > {"id": 1, "do": "open", "url": "http://127.0.0.1:8000/d/notes"}
//     < {"id": 1, "result": 0}                     the number of the window
//     > {"id": 2, "window": 0, "do": "type", "text": "hello"}
//     < {"id": 2, "result": null}
//
// Each window has a profile of its own unless `beside` names another window. It ends when its stdin does.

import { createInterface } from 'node:readline'
import puppeteer from 'puppeteer-core'

console.log = console.error // stdout is for answers

const browser = await puppeteer.launch({
  browser: 'firefox',
  executablePath: process.argv[2],
  headless: true
})
const windows = []
const errors = []

async function open ({ url, beside = null }) {
  const context = beside === null ? await browser.createBrowserContext() : windows[beside].browserContext()
  const page = await context.newPage()
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

const commands = {
  visit: (page, { url }) => page.goto(url).then(() => null),
  reload: (page) => page.reload().then(() => null),
  close: (page) => page.close(),
  type: (page, { text }) => page.keyboard.type(text),
  /** Keys are held together: `["Control", "z"]`. */
  async press (page, { keys }) {
    for (const key of keys) await page.keyboard.down(key)
    for (const key of keys.toReversed()) await page.keyboard.up(key)
  },
  click: (page, { selector }) => page.click(selector),
  focus: (page, { selector }) => page.focus(selector),
  evaluate: (page, { expression }) => page.evaluate(expression)
}

async function answer ({ id, window, do: name, ...parameters }) {
  try {
    if (name === 'open') return { id, result: await open(parameters) }
    if (name === 'errors') return { id, result: errors }
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
