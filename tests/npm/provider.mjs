// The providers behind one face. Nothing in here changes what they send, nor when but for `backoffMs`.

import { HocuspocusProvider as Hocuspocus3 } from 'hocuspocus-provider-3'
import { HocuspocusProvider as Hocuspocus4 } from 'hocuspocus-provider-4'
import WebSocket from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'

/** As a browser's: an error that nobody listens for, such as that of a socket given up, is no crash. */
class BrowserSocket extends WebSocket {
  constructor (...parameters) {
    super(...parameters)
    this.on('error', () => {})
  }
}

/** What Node lacks and a browser has. */
const NODE = { WebSocketPolyfill: BrowserSocket }

/** Hocuspocus names the document on the wire, so all of its URL is the server's. */
function openHocuspocus (Provider, { url, name, params, token, socketOf, sessionAware, backoffMs }, document) {
  const pace = backoffMs === null ? {} : { delay: backoffMs, minDelay: backoffMs / 2, maxDelay: backoffMs }
  const place = socketOf === null
    ? { url: `${url}?${new URLSearchParams(params)}`, ...pace, ...NODE }
    : { websocketProvider: socketOf.provider.configuration.websocketProvider }
  const provider = new Provider({ ...place, name, document, token: token ?? 'unused', sessionAwareness: sessionAware })
  provider.attach() // does nothing if it has a socket of its own
  return provider
}

/** Without its BroadcastChannel, which would go round the server. */
const openWebsocket = ({ url, name, params: own, token, backoffMs }, doc) => {
  const params = token === null ? own : { ...own, token }
  const pace = backoffMs === null ? {} : { maxBackoffTime: backoffMs }
  return new WebsocketProvider(url, name, doc, { params, disableBc: true, ...pace, ...NODE })
}

const PROVIDERS = {
  yws: openWebsocket,
  hocuspocus3: (place, doc) => openHocuspocus(Hocuspocus3, place, doc),
  hocuspocus4: (place, doc) => openHocuspocus(Hocuspocus4, place, doc)
}

/**
 * Connect a new document with the provider of this kind.
 *
 * @param {{url: string, name: string, params: object, token: string | null, socketOf: Session | null, sessionAware: boolean, backoffMs: number | null}} place
 *   `socketOf` and `sessionAware` are for Hocuspocus; `backoffMs` is the longest pause before it connects again.
 * @param {number | null} client Another Yjs client id than the random one.
 */
export function open (kind, place, client = null) {
  const doc = new Y.Doc()
  if (client !== null) doc.clientID = client
  return new Session(PROVIDERS[kind](place, doc), doc)
}

/** A provider, and what it said about its connection. */
class Session {
  constructor (provider, doc) {
    this.provider = provider
    this.doc = doc
    this.status = 'connecting'
    this.closes = []
    this.onClosed = () => {}
    this.stopped = null
    this.denied = []
    this.scopes = []
    provider.on('status', ({ status }) => { this.status = status })
    // y-websocket: (event or null, provider), and `closed` if it will not come back.
    provider.on('connection-close', (event) => this.#closed(event))
    provider.on('closed', ({ code }) => { this.stopped = code })
    // Hocuspocus: the socket's, or in band.
    provider.on('close', ({ event }) => this.#closed(event))
    provider.on('authenticated', ({ scope }) => this.scopes.push(scope))
    provider.on('authenticationFailed', ({ reason }) => this.denied.push(reason))
  }

  #closed (event) {
    this.closes.push(event?.code ?? null)
    this.onClosed()
  }

  /** Done when the socket is closed: until then, Hocuspocus takes no notice of a `connect`. */
  async disconnect () {
    const closed = new Promise((resolve) => { this.onClosed = resolve })
    const hasSocket = this.status === 'connected'
    this.provider.disconnect()
    if (hasSocket) await closed
  }

  /** Not to be waited for: Hocuspocus's promise is kept when there is a server again. */
  reconnect () { void this.provider.connect() }

  leave () { this.provider.destroy() }

  /** The token from here on: Hocuspocus's when it is asked, y-websocket's when it connects. */
  setToken (token) {
    if (this.provider.configuration) this.provider.configuration.token = token
    else this.provider.params.token = token
  }

  /** Hocuspocus: send another token on the open socket. */
  async sendToken (token) {
    this.setToken(token)
    await this.provider.sendToken()
  }

  state () {
    return {
      status: this.status,
      synced: this.provider.synced,
      unsynced: this.provider.unsyncedChanges ?? null, // y-websocket does not count
      closes: this.closes,
      stopped: this.stopped,
      denied: this.denied,
      scope: this.provider.authorizedScope ?? null, // Hocuspocus
      scopes: this.scopes,
      client: this.doc.clientID
    }
  }

  /** Set fields of the own awareness state; null takes all of it away. */
  announce (fields) {
    const { awareness } = this.provider
    if (fields === null) awareness.setLocalState(null)
    for (const [name, value] of Object.entries(fields ?? {})) awareness.setLocalStateField(name, value)
  }

  /** Show a selection as the Yjs bindings of editors do. */
  setCaret (text, anchor, head) {
    const place = (offset) => Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, offset))
    this.announce({ cursor: { anchor: place(anchor), head: place(head) } })
  }

  /** The others' awareness states, with `cursor` as offsets. */
  others (text) {
    const offset = (place) => {
      const found = place && Y.createAbsolutePositionFromRelativePosition(Y.createRelativePositionFromJSON(place), this.doc)
      return found?.type === text ? found.index : null
    }
    return [...this.provider.awareness.getStates()]
      .filter(([client]) => client !== this.doc.clientID)
      .map(([client, { cursor, ...state }]) => ({
        client,
        ...state,
        cursor: cursor ? { anchor: offset(cursor.anchor), head: offset(cursor.head) } : null
      }))
  }
}
