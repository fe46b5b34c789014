/** The page of one document: header, banners, panes and history, wired together. */

import { createDocument, getDocument, getVersion, restoreVersion, type DocumentInfo } from "../api/documents";
import { ApiError } from "../api/request";
import { basePath } from "../base";
import { element } from "../dom";
import { HistoryDrawer } from "../history/drawer";
import { IdentityStore } from "../identity/identity";
import { forgetKeptText, keepText, keptText, rememberDocument } from "../memory";
import { isDocumentName } from "../names";
import { derivedTitle } from "../preview/title";
import { documentPage } from "../route";
import { Banners, copyOrDownload, downloadText } from "./banner";
import { exposeHandle } from "./handle";
import { LiveDocument } from "./live";
import { MembersBar } from "./members";
import { connectionNotice, type NoticeActions } from "./notice";
import { showShareDialog, showSignInDialog, showUserMenu } from "./overlay";
import { showRefused } from "./refused";
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
        { class: "column column-narrow" },
        element("h1", {}, "No such document"),
        element("p", {}, "A document's name has letters, digits and : . _ - in it, up to 128."),
        element("p", {}, element("a", { href: basePath() }, "To the start page")),
      ),
    );
    return;
  }
  new DocumentPage(app, name, new IdentityStore());
}

class DocumentPage {
  private readonly live: LiveDocument;
  private readonly save = new SaveBar();
  private readonly banners = new Banners();
  private readonly members = new MembersBar();
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
  private readonly shareButton = element("button", { type: "button", class: "button", hidden: true }, "Share");
  private readonly userHost = element("div", { class: "user" });
  private readonly overlayHost = element("div");
  private info: DocumentInfo | null = null;
  private titleTimer: number | undefined;
  private titleVersion = -1;
  private historyTimer: number | undefined;
  private historyVersion = -1;
  private offlineSince: number | null = null;
  /** On the way to another page of one's own will: what waits here is kept as text. */
  private leaving = false;
  /** The text that was kept at an earlier visit has been compared with the server's. */
  private looked = false;
  /** Another page has taken the place of this one. */
  private gone = false;

  constructor(
    private readonly app: HTMLElement,
    private readonly name: string,
    private readonly store: IdentityStore,
  ) {
    this.old = new VersionView({
      restore: (version) => void this.restore(version),
      back: () => this.backToLive(),
    });
    this.drawer = new HistoryDrawer(name, {
      chosen: (version) => void this.showVersion(version),
      closed: () => this.toggleHistory(),
    });
    this.sourceHost.append(element("p", { class: "hint loading" }, "Opening the document…"));
    this.live = new LiveDocument(
      this.sourceHost,
      `Text of ${name}`,
      { url: socketUrl(), document: name, admit: (again) => store.admit(name, again) },
      {
        describe: () => this.describe(),
        changed: () => this.refresh(),
        textChanged: () => this.retitleSoon(),
        lost: (text, reason) => {
          if (reason === "given-up") return;
          keepText(name, text);
          this.showKeptText(LOST_WORDS[reason]);
        },
      },
    );
    this.views = new ViewSwitch((view) => this.setView(view));
    this.historyButton.addEventListener("click", () => this.toggleHistory());
    this.shareButton.addEventListener("click", () => this.share());
    showUserMenu(this.userHost, store, {
      renamed: () => this.live.session.renamed(),
      leave: () => this.leave(),
    });
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
        this.shareButton,
        this.historyButton,
        this.userHost,
      ),
      this.banners.dom,
      this.old.bar,
      this.workspace,
      this.overlayHost,
    );
  }

  private listen(): void {
    window.addEventListener("beforeunload", (event) => {
      if (!this.leaving && this.live.session.view().pending > 0) event.preventDefault();
    });
    window.addEventListener("pagehide", () => this.keepUnsent());
    window.addEventListener("focus", () => void this.lookForSignIn());
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
    if (this.gone) return;
    if (this.isRefused()) {
      this.gone = true;
      session.dispose();
      showRefused(this.app, this.store);
      return;
    }
    if (view.phase === "live" && !this.looked) this.forgetWhatWasSaved();
    const save = session.save();
    this.save.show(save);
    this.members.show(view.members, view.user);
    this.shareButton.hidden = view.role === null || view.stopped !== null;
    const isOfflineLong = save.kind === "offline" && this.lastsLongEnough();
    if (save.kind !== "offline") this.offlineSince = null;
    this.banners.set("connection", connectionNotice(view, save.kind, isOfflineLong, this.actions()));
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

  /** There is nothing to show: neither a document nor anything that was written here. */
  private isRefused(): boolean {
    const { stopped, loaded, pending } = this.live.session.view();
    if (stopped === null || pending > 0) return false;
    return stopped.cause === "refused" || (stopped.cause === "signed-out" && !loaded);
  }

  private actions(): NoticeActions {
    const { session } = this.live;
    return {
      copy: () => void copyOrDownload(this.live.text, `${this.name}.md`),
      tryAgain: () => session.tryNow(),
      signIn: () => this.signIn(),
      saveAsNew: this.store.identity.value?.mayCreate === true ? () => void this.saveAsNew() : null,
      discard: () => session.giveUp(),
    };
  }

  /** A banner moves the text, so a connection that is back at once shows none. */
  private lastsLongEnough(): boolean {
    if (this.offlineSince === null) {
      this.offlineSince = performance.now();
      window.setTimeout(() => this.refresh(), OFFLINE_BANNER_AFTER_MS + 50);
    }
    return performance.now() - this.offlineSince >= OFFLINE_BANNER_AFTER_MS;
  }

  // --- leaving, and coming back ---

  private leave(): void {
    this.leaving = true;
    this.keepUnsent();
  }

  /** The tab goes: what the server does not have is kept on this device. */
  private keepUnsent(): void {
    if (this.live.session.view().pending > 0) keepText(this.name, this.live.text);
  }

  /** What was on its way when the tab went has come through after all. */
  private forgetWhatWasSaved(): void {
    if (this.live.text === "") return;
    this.looked = true;
    if (keptText(this.name) !== this.live.text) return;
    forgetKeptText(this.name);
    this.banners.set("kept", null);
  }

  private async saveAsNew(): Promise<void> {
    await this.attempt(async () => {
      const title = `${this.title.textContent ?? this.name} (copy)`;
      const made = await createDocument({ title, text: this.live.text });
      this.leaving = true;
      this.live.session.giveUp();
      location.assign(documentPage(basePath(), made.name));
    });
  }

  private share(): void {
    const { role } = this.live.session.view();
    const identity = this.store.identity.value;
    if (role === null || identity === null) return;
    const title = this.title.textContent ?? this.name;
    showShareDialog(this.overlayHost, identity, {
      name: this.name,
      title,
      role,
      met: this.members.met,
    });
  }

  private signIn(): void {
    const identity = this.store.identity.value;
    if (identity === null) return;
    showSignInDialog(this.overlayHost, this.store, identity, {
      signedIn: () => this.live.session.tryNow(),
      leave: () => this.leave(),
    });
  }

  /** Whoever was signed out may have signed in in another tab. */
  private async lookForSignIn(): Promise<void> {
    if (this.live.session.view().stopped?.cause !== "signed-out") return;
    await this.attempt(async () => {
      if ((await this.store.load()).signedIn) this.live.session.tryNow();
    });
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
      this.info = await getDocument(this.name);
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
      const { event, text } = await getVersion(this.name, version);
      this.old.show(event, text, this.live.session.writable);
      this.setLiveHidden(true);
    });
  }

  private async restore(version: number): Promise<void> {
    await this.attempt(async () => {
      await restoreVersion(this.name, version, crypto.getRandomValues(new Uint32Array(4)).join("-"));
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
