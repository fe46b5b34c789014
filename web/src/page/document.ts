/** The page of one document: header, banners, panes and history, wired together. */

import { Api, ApiError, type DocumentInfo } from "../api";
import { basePath } from "../base";
import { element } from "../dom";
import { HistoryDrawer } from "../history/drawer";
import {
  forgetKeptText,
  keepText,
  keptText,
  loadName,
  rememberDocument,
  saveName,
} from "../identity";
import { isDocumentName } from "../names";
import { derivedTitle } from "../preview/title";
import { countEdits } from "../savestate";
import { Banners, copyOrDownload, downloadText, type BannerContent } from "./banner";
import { exposeHandle } from "./handle";
import { LiveDocument } from "./live";
import { MembersBar } from "./members";
import { SaveBar } from "./savebar";
import { VersionView } from "./version";
import { ViewSwitch, type View } from "./views";

const TITLE_DELAY_MS = 400;
/** After this the server has derived the title of what it has stored. */
const TITLE_PATIENCE_MS = 1_500;
const HISTORY_DELAY_MS = 1_500;
const OFFLINE_BANNER_AFTER_MS = 1_500;

const LOST_WORDS = {
  epoch: "The server's history was restored from a backup.",
  diverged: "This tab had drifted away from the server's text.",
  refused: "The server did not accept an edit made here.",
} as const;

export function showDocumentPage(app: HTMLElement, name: string): void {
  if (!isDocumentName(name)) {
    app.replaceChildren(
      element(
        "main",
        { class: "start" },
        element("h1", {}, "No such document"),
        element("p", {}, "A document's name has letters, digits and : . _ - in it, up to 128."),
        element("p", {}, element("a", { href: basePath() }, "To the start page")),
      ),
    );
    return;
  }
  new DocumentPage(app, name, new Api(loadName));
}

class DocumentPage {
  private readonly live: LiveDocument;
  private readonly save = new SaveBar();
  private readonly banners = new Banners();
  private readonly members: MembersBar;
  private readonly drawer: HistoryDrawer;
  private readonly old: VersionView;
  private readonly views: ViewSwitch;
  private readonly title = element("h1", { class: "title" });
  private readonly workspace = element("main", { class: "workspace" });
  private readonly sourceHost = element("div", { class: "pane-layer" });
  private readonly previewHost = element("div", { class: "pane-layer preview" });
  private readonly historyButton = element(
    "button",
    {
      type: "button",
      class: "button",
      title: "History (Ctrl/⌘ Alt H)",
      "aria-expanded": "false",
    },
    "History",
  );
  private info: DocumentInfo | null = null;
  private titleTimer: number | undefined;
  private titleVersion = -1;
  private historyTimer: number | undefined;
  private historyVersion = -1;
  private offlineSince: number | null = null;

  constructor(
    app: HTMLElement,
    private readonly name: string,
    private readonly api: Api,
  ) {
    const userName = loadName();
    this.members = new MembersBar(userName, (chosen) => {
      saveName(chosen);
      this.live.session.rename(chosen);
    });
    this.old = new VersionView({
      restore: (version) => void this.restore(version),
      back: () => this.backToLive(),
    });
    this.drawer = new HistoryDrawer(api, name, {
      chosen: (version) => void this.showVersion(version),
      closed: () => this.toggleHistory(),
    });
    this.sourceHost.append(element("p", { class: "hint loading" }, "Opening the document…"));
    this.live = new LiveDocument(
      this.sourceHost,
      `Text of ${name}`,
      { url: socketUrl(), document: name, name: userName },
      {
        describe: () => this.describe(),
        changed: () => this.refresh(),
        textChanged: () => this.retitleSoon(),
        lost: (text, reason) => {
          keepText(name, text);
          this.showKeptText(LOST_WORDS[reason]);
        },
      },
    );
    this.views = new ViewSwitch((view) => this.setView(view));
    this.historyButton.addEventListener("click", () => this.toggleHistory());
    app.replaceChildren(this.layout());
    this.views.select(this.views.view);
    if (keptText(name) !== null) this.showKeptText("Text from an earlier visit was not saved.");
    this.listen();
    exposeHandle(this.live);
    this.retitle();
    this.live.session.start();
    this.refresh();
  }

  private layout(): HTMLElement {
    this.previewHost.append(this.live.preview.dom);
    this.workspace.append(
      element("div", { class: "pane pane-source" }, this.sourceHost, this.old.source),
      element("div", { class: "pane pane-preview" }, this.previewHost, this.old.rendered),
      this.drawer.dom,
    );
    return element(
      "div",
      { class: "page" },
      element(
        "header",
        { class: "topbar" },
        element("a", { href: basePath(), class: "home", "aria-label": "All documents", title: "All documents" }, "Quire"),
        this.title,
        this.save.dom,
        this.views.dom,
        element("span", { class: "spacer" }),
        this.members.dom,
        this.historyButton,
      ),
      this.banners.dom,
      this.old.bar,
      this.workspace,
    );
  }

  private listen(): void {
    window.addEventListener("beforeunload", (event) => {
      if (this.live.session.view().pending > 0) event.preventDefault();
    });
    window.addEventListener("keydown", (event) => {
      if (!event.altKey || !(event.ctrlKey || event.metaKey) || event.shiftKey) return;
      const views: Readonly<Record<string, View>> = { KeyE: "edit", KeyB: "both", KeyV: "view" };
      const view = views[event.code];
      if (view !== undefined) this.views.select(view);
      else if (event.code === "KeyH") this.toggleHistory();
      else return;
      event.preventDefault();
    });
    window.addEventListener("online", () => this.refresh());
    window.addEventListener("offline", () => this.refresh());
  }

  // --- state on the page ---

  private refresh(): void {
    const { session } = this.live;
    const view = session.view();
    const save = session.save();
    this.save.show(save);
    this.members.show(view.members, view.user);
    this.banners.set("connection", this.connectionBanner());
    this.banners.set(
      "store",
      view.storeTrouble && view.phase === "live"
        ? {
            tone: "warning",
            words: "The server cannot store edits at the moment. Yours are kept here and tried again.",
            actions: [],
          }
        : null,
    );
    if (view.version !== this.historyVersion) {
      this.historyVersion = view.version;
      this.refreshHistorySoon();
      this.retitleSoon();
    }
  }

  private connectionBanner(): BannerContent | null {
    const { session } = this.live;
    const view = session.view();
    const { kind } = session.save();
    const copy = { label: "Copy text", run: () => void copyOrDownload(this.live.text, `${this.name}.md`) };
    const retry = { label: "Try again", run: () => session.tryNow() };
    if (kind === "stopped") {
      const actions = view.loaded ? [retry, copy] : [retry];
      return { tone: "error", words: view.stopped ?? "", actions };
    }
    if (kind === "offline") {
      if (!this.lastsLongEnough()) return null;
      const words = view.loaded
        ? "You are offline. What you write is kept in this tab and sent when the connection is back."
        : "The server cannot be reached. This page goes on trying.";
      return { tone: "neutral", words, actions: [{ label: "Try now", run: retry.run }] };
    }
    this.offlineSince = null;
    if (kind !== "read-only") return null;
    return view.pending > 0
      ? {
          tone: "warning",
          words: `You may no longer change this document. ${countEdits(view.pending)} could not be saved.`,
          actions: [copy],
        }
      : { tone: "neutral", words: "You can read this document but not change it.", actions: [] };
  }

  /** A banner moves the text, so a connection that is back at once shows none. */
  private lastsLongEnough(): boolean {
    if (this.offlineSince === null) {
      this.offlineSince = performance.now();
      window.setTimeout(() => this.refresh(), OFFLINE_BANNER_AFTER_MS + 50);
    }
    return performance.now() - this.offlineSince >= OFFLINE_BANNER_AFTER_MS;
  }

  private showKeptText(why: string): void {
    const text = keptText(this.name);
    if (text === null) return;
    const fileName = `${this.name}-unsaved.md`;
    this.banners.set("kept", {
      tone: "warning",
      words: `${why} Your text was kept on this device.`,
      actions: [
        { label: "Copy it", run: () => void copyOrDownload(text, fileName) },
        { label: "Download it", run: () => downloadText(text, fileName) },
        {
          label: "Dismiss",
          run: () => {
            forgetKeptText(this.name);
            this.banners.set("kept", null);
          },
        },
      ],
    });
  }

  private async describe(): Promise<DocumentInfo | null> {
    try {
      this.info = await this.api.document(this.name);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
    return this.info;
  }

  private retitleSoon(): void {
    window.clearTimeout(this.titleTimer);
    this.titleTimer = window.setTimeout(() => this.retitle(), TITLE_DELAY_MS);
  }

  private retitle(): void {
    const title = this.chosenTitle() || this.name;
    this.title.textContent = title;
    this.title.title = this.name;
    document.title = `${title} – Quire`;
    rememberDocument(this.name, title);
  }

  /** What somebody has set, or else what the text says: at once, but for its front matter. */
  private chosenTitle(): string {
    const known = this.info?.title ?? "";
    if (known !== "" && this.info?.titleDerived === false) return known;
    const derived = derivedTitle(this.live.text);
    if (derived !== null) return derived;
    this.askForTitle();
    return known;
  }

  /** The server reads front matter; it has the title soon after it has the text. */
  private askForTitle(): void {
    const { version, pending } = this.live.session.view();
    if (pending > 0 || version === this.titleVersion) return;
    this.titleVersion = version;
    window.setTimeout(() => {
      void this.describe().then(() => this.retitle());
    }, TITLE_PATIENCE_MS);
  }

  private setView(view: View): void {
    this.workspace.dataset["view"] = view;
  }

  // --- history ---

  private toggleHistory(): void {
    if (this.drawer.isOpen) {
      const focusWasInside = this.drawer.dom.contains(document.activeElement);
      this.drawer.close();
      this.backToLive();
      if (focusWasInside) this.historyButton.focus();
    } else {
      this.drawer.open();
    }
    this.historyButton.setAttribute("aria-expanded", String(this.drawer.isOpen));
  }

  private refreshHistorySoon(): void {
    window.clearTimeout(this.historyTimer);
    this.historyTimer = window.setTimeout(() => this.drawer.refresh(), HISTORY_DELAY_MS);
  }

  private async showVersion(version: number): Promise<void> {
    this.drawer.select(version);
    await this.attempt(async () => {
      const { event, text } = await this.api.version(this.name, version);
      this.old.show(event, text, this.live.session.writable);
      this.setLiveHidden(true);
    });
  }

  private async restore(version: number): Promise<void> {
    await this.attempt(async () => {
      await this.api.restore(this.name, version, crypto.getRandomValues(new Uint32Array(4)).join("-"));
      this.backToLive();
    });
  }

  private backToLive(): void {
    if (this.old.version === null) return;
    this.old.hide();
    this.drawer.select(null);
    this.setLiveHidden(false);
    this.live.focus();
  }

  private setLiveHidden(hidden: boolean): void {
    this.workspace.classList.toggle("viewing-version", hidden);
    this.sourceHost.inert = hidden;
    this.previewHost.inert = hidden;
  }

  private async attempt(action: () => Promise<void>): Promise<void> {
    try {
      await action();
      this.banners.set("request", null);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.banners.set("request", {
        tone: "error",
        words: error.message,
        actions: [{ label: "Dismiss", run: () => this.banners.set("request", null) }],
      });
    }
  }
}

const socketUrl = (): string =>
  `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}${basePath()}ws`;
