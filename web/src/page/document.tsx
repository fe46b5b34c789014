/** The page of one document: what its parts are, and how they learn of each other. */

import { getDocument, renameDocument, type DocumentInfo } from "../api/documents";
import { ApiError, attempt } from "../api/request";
import { noteOpened } from "../api/shelf";
import { isAvailable } from "../command/registry";
import { copyOrDownload } from "../download";
import { element } from "../dom";
import { editorCommands } from "../editor/writingcommands";
import { IdentityStore, isSomebody } from "../identity/identity";
import { Images } from "../images/images";
import { words } from "../language/language";
import { codePoints } from "../fitting";
import { presentUser } from "../identity/presentuser";
import type { Role } from "../protocol";
import type { ReplaceReason } from "../provider/sessionevent";
import { socketUrl } from "../provider/socketurl";
import { TITLE_UNITS } from "../preview/title";
import { safeName } from "../safe";
import type { SaveState } from "../savestate";
import { UserMenu } from "../ui/usermenu";
import { batch, effect, render } from "../vendor/preact";
import { watchElsewhere } from "./elsewhere";
import { pressOf } from "./keyboard";
import { IdleWatch } from "./idle";
import { exposeHandle } from "./handle";
import { LiveDocument } from "./live";
import { DocumentModel } from "./model";
import { connectionNotice, deviceNotice, markedNotice, type NoticeActions } from "./notice";
import { OutlinePart } from "./outlinepanel";
import { Page } from "./page";
import { pageCommands } from "./pagecommands";
import { PastPart } from "./past";
import { showRefused } from "./refused";
import { watchSize } from "./sizenotice";
import { textItems } from "./statusbar";
import { SteadySave } from "./steadysave";
import { countText } from "./textcounts";
import { addTransfer, droppedFiles } from "./transferpart";
import { Titling } from "./titling";
import { UnsavedText } from "./unsaved";
import { firstView, rememberedView } from "./views";

const OFFLINE_BANNER_AFTER_MS = 1_500;
const COUNT_DELAY_MS = 400;
const PULSE_DELAY_MS = 120;
const IDLE_LOOK_MS = 10_000;

export function showDocumentPage(app: HTMLElement, name: string): void {
  new DocumentPage(app, name, new IdentityStore());
}

class DocumentPage {
  private readonly model: DocumentModel;
  private readonly live: LiveDocument;
  private readonly images: Images;
  private readonly titling: Titling;
  private readonly past: PastPart;
  private readonly outline: OutlinePart;
  private readonly unsaved: UnsavedText;
  private readonly sourceHost = element("div", { class: "pane-layer" });
  private readonly previewHost = element("div", { class: "pane-layer preview" });
  private readonly idle = new IdleWatch();
  private info: DocumentInfo | null = null;
  private countTimer: number | undefined;
  private pulseTimer: number | undefined;
  private saveTimer: number | undefined;
  private readonly steadySave = new SteadySave();
  private offlineSince: number | null = null;
  /** Another page has taken the place of this one. */
  private gone = false;
  private isNoted = false;
  private describedAs: Role | null = null;
  private readonly leaveElsewhere: () => void;

  constructor(
    private readonly app: HTMLElement,
    private readonly name: string,
    private readonly store: IdentityStore,
  ) {
    const narrow = window.matchMedia("(max-width: 759px)");
    const isMac = /^(Mac|iPhone|iPad)/.test(navigator.platform);
    const model = new DocumentModel(
      name,
      { view: firstView(rememberedView(), !narrow.matches), isMac },
      {
        now: () => performance.now(),
        focusText: () => this.live.focus(),
        jumpTo: (user) => {
          if (!this.live.following.jumpTo(user.id)) model.say(words().page.noCaret(safeName(user.name)));
        },
        follow: (user) => (user === null ? this.live.following.stop() : this.live.following.follow(user.id)),
      },
    );
    this.model = model;
    model.isNarrow.value = narrow.matches;
    narrow.addEventListener("change", () => (model.isNarrow.value = narrow.matches));
    const opening = element("p", { class: "hint loading" });
    effect(() => void (opening.textContent = words().page.opening));
    this.sourceHost.append(opening);
    const exists = (): boolean => {
      const { loaded, absent } = this.live.session.view();
      return loaded && !absent;
    };
    const create = (): void => this.live.session.create();
    this.images = new Images({ name, exists, create, view: () => this.live.editorView }, model.banners);
    this.live = new LiveDocument(
      this.sourceHost,
      () => words().page.textOf(name),
      {
        url: socketUrl(),
        document: name,
        user: () => presentUser(store),
        admit: (again) => store.admit(name, again),
      },
      {
        describe: () => this.describe(),
        changed: () => this.refresh(),
        textChanged: () => this.textChanged(),
        caretMoved: () => this.pulseSoon(),
        caretsMoved: (carets) => {
          this.idle.note(new Map(carets.map((caret) => [caret.user, JSON.stringify(caret)])), performance.now());
          model.idle.value = this.idle.idle(performance.now());
        },
        opened: (view) =>
          void model.commands.add(
            editorCommands(view, { reveal: () => model.revealText(), say: (said) => model.say(said) }),
          ),
        lost: (reason) => {
          if (reason !== "given-up") this.unsaved.explain(lostWords(reason));
        },
        refused: (text) => this.unsaved.refuse(text, this.refusedWords(text)),
      },
      [this.images.extension, droppedFiles(model, (picture) => this.images.keep(picture))],
    );
    this.previewHost.append(this.live.preview.dom);
    this.addParts();
    const storedVersion = (): number | null => {
      const { version, pending } = this.live.session.view();
      return pending > 0 ? null : version;
    };
    this.titling = new Titling(model, {
      head: () => this.live.head(TITLE_UNITS),
      describe: () => this.describe(),
      exists,
      storedVersion,
    });
    this.past = new PastPart(model, {
      attempt: (action) => this.attempt(action),
      restore: (run) => this.live.restore(run),
      backToLive: () => this.live.focus(),
      editor: () => this.live.editorView,
      settledVersion: storedVersion,
    });
    this.outline = new OutlinePart(model, {
      text: () => this.live.text,
      goTo: (line) => this.live.goTo(line),
    });
    this.unsaved = new UnsavedText(name, model.banners, this.live, {
      saveAsNew: () => this.saveAsNew(),
    });
    this.mount();
    this.listen();
    exposeHandle(this.live, model.commands);
    this.titling.refresh();
    void this.live.session.start();
    effect(() => {
      words();
      // What the bars and the state of saving say is made of what is known, each time anew.
      queueMicrotask(() => this.refresh());
    });
    this.leaveElsewhere = watchElsewhere(store, name, model.banners, () => {
      const { phase, pending } = this.live.session.view();
      return phase === "live" && pending === 0;
    });
    this.refresh();
  }

  private addParts(): void {
    const { model } = this;
    model.commands.add(pageCommands(model, () => this.share()));
    watchSize(model);
    addTransfer(model, {
      text: () => this.past.text ?? this.live.text,
      attempt: (action) => void this.attempt(action),
    });
    model.commands.add([this.images.command]);
    for (const item of [...textItems(model), this.images.status]) model.status.add(item);
    const { following } = this.live;
    effect(() => void (model.following.value = following.target.value));
    effect(() => void (model.hasAccounts.value = (this.store.identity.value?.mode ?? "open") !== "open"));
    for (const type of ["wheel", "touchmove", "beforeinput"]) {
      this.sourceHost.addEventListener(type, following.stop, { passive: true });
    }
    window.setInterval(() => (model.idle.value = this.idle.idle(performance.now())), IDLE_LOOK_MS);
    effect(() => {
      const isPast = model.shownVersion.value !== null;
      this.sourceHost.inert = isPast;
      this.previewHost.inert = isPast;
    });
  }

  private mount(): void {
    const { past } = this;
    this.app.replaceChildren();
    render(
      <Page
        model={this.model}
        source={[this.sourceHost, past.source]}
        preview={[this.previewHost, past.rendered]}
        pastBar={past.bar}
        onRename={(title) => void this.rename(title)}
      >
        <UserMenu
          store={this.store}
          onRenamed={() => this.live.session.renamed()}
          onLeave={() => this.unsaved.leave()}
        />
      </Page>,
      this.app,
    );
  }

  private listen(): void {
    window.addEventListener("keydown", (event) => {
      const press = pressOf(event);
      const command = press === null ? null : this.model.commands.find(press);
      if (command === null || !isAvailable(command)) return;
      event.preventDefault();
      this.model.commands.run(command.id);
    });
    window.addEventListener("focus", () => void this.lookForSignIn());
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
      // Whoever may not read it any more keeps no copy of it.
      if (view.stopped?.cause === "refused") void session.keeping.eraseReplica();
      session.dispose();
      this.leaveElsewhere();
      showRefused(this.app, this.store);
      return;
    }
    if (view.phase === "live") this.unsaved.compare();
    this.unsaved.refresh();
    const save = session.save();
    this.model.take({
      save: this.steady(save),
      version: view.version,
      role: view.role,
      isStopped: view.stopped !== null,
      isWritable: session.writable,
      user: view.user,
      members: view.members,
    });
    if (this.model.maxChars.value !== view.maxChars) this.model.maxChars.value = view.maxChars;
    const isOfflineLong = save.kind === "offline" && this.lastsLongEnough();
    if (save.kind !== "offline") this.offlineSince = null;
    const { banners } = this.model;
    const onDevice = session.keeping.trouble === null;
    banners.set("connection", connectionNotice(view, save.kind, isOfflineLong, onDevice, this.actions()));
    banners.set("device", deviceNotice(session.keeping.trouble, save.kind));
    banners.set("marked", markedNotice(this.info?.readOnly === true, save.kind));
    if (view.phase === "live" && view.loaded && !view.absent) this.describeAgain(view.role);
    banners.set(
      "store",
      view.storeTrouble && view.phase === "live"
        ? { tone: "warning", words: words().page.storeTrouble, actions: [] }
        : null,
    );
    this.past.moved(view.version);
    this.titling.refreshSoon();
    if (view.loaded && !view.absent) {
      this.noteOpened();
      this.past.showLinked();
    }
  }

  private steady(save: SaveState): SaveState {
    const { shown, againInMs } = this.steadySave.show(save, performance.now());
    if (againInMs === null) return shown;
    this.saveTimer ??= window.setTimeout(() => {
      this.saveTimer = undefined;
      this.refresh();
    }, againInMs + 10);
    return shown;
  }

  /** Have it lead the user's list of recent documents, on every device. */
  private noteOpened(): void {
    const identity = this.store.identity.value;
    if (this.isNoted || identity === null || !isSomebody(identity)) return;
    this.isNoted = true;
    void attempt(() => noteOpened(this.name));
  }

  private textChanged(): void {
    this.outline.textChanged();
    this.titling.refreshSoon();
    this.countTimer ??= window.setTimeout(() => {
      this.countTimer = undefined;
      const { lines } = this.live;
      if (lines !== null) this.model.counts.value = countText(lines);
    }, COUNT_DELAY_MS);
  }

  /** The bars follow the caret, but not each keystroke. */
  private pulseSoon(): void {
    this.pulseTimer ??= window.setTimeout(() => {
      this.pulseTimer = undefined;
      batch(() => {
        this.model.caret.value = this.live.caretPlace;
        this.model.pulse.value++;
      });
    }, PULSE_DELAY_MS);
  }

  /** There is nothing to show: neither a document nor anything that was written here. */
  private isRefused(): boolean {
    const { stopped, loaded, pending } = this.live.session.view();
    if (stopped === null || pending > 0 || this.live.session.keeping.texts.length > 0) return false;
    return stopped.cause === "refused" || (stopped.cause === "signed-out" && !loaded);
  }

  private actions(): NoticeActions {
    const { session } = this.live;
    const saveAsNew = this.saveAsNew();
    return {
      copy: () => void copyOrDownload(this.live.text, `${this.name}.md`),
      create: () => {
        session.create();
        this.live.focus();
      },
      tryAgain: () => session.tryNow(),
      signIn: () => this.signIn(),
      saveAsNew: saveAsNew === null ? null : () => saveAsNew(this.live.text),
      discard: () => session.giveUp(),
    };
  }

  private saveAsNew(): ((text: string) => void) | null {
    if (this.store.identity.value?.mayCreate !== true) return null;
    const title = this.model.title.value.words;
    return (text) => void this.attempt(() => this.unsaved.moveToNew(text, title));
  }

  private refusedWords(text: string): string {
    const { saving } = words();
    const limit = formatNumber(this.live.session.view().maxChars ?? 0);
    const length = codePoints(text);
    return length > 1 ? saving.pasteTooLong(formatNumber(length), limit) : saving.documentFull(limit);
  }

  /** A banner moves the text, so a connection that is back at once shows none. */
  private lastsLongEnough(): boolean {
    if (this.offlineSince === null) {
      this.offlineSince = performance.now();
      window.setTimeout(() => this.refresh(), OFFLINE_BANNER_AFTER_MS + 50);
    }
    return performance.now() - this.offlineSince >= OFFLINE_BANNER_AFTER_MS;
  }

  private async describe(): Promise<DocumentInfo | null> {
    try {
      this.info = await getDocument(this.name);
      this.titling.learn(this.info);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
    return this.info;
  }

  /** Another role may have come of it that an operator has made the document read-only, or not any more. */
  private describeAgain(role: Role | null): void {
    if (role === this.describedAs) return;
    const isFirst = this.describedAs === null && this.info !== null;
    this.describedAs = role;
    if (!isFirst) void this.describe().then(() => this.refresh());
  }

  private async rename(title: string): Promise<void> {
    await this.attempt(async () => {
      this.info = await renameDocument(this.name, title);
      this.titling.learn(this.info);
    });
  }

  // --- what one does about people ---

  private share(): void {
    const { role, title, met } = this.model;
    const identity = this.store.identity.value;
    if (role.value === null || identity === null) return;
    const shared = { name: this.name, title: title.value.words, role: role.value, met };
    this.model.showDialog(async () => {
      const { shareDialog } = await import("./overlay");
      return (close) => shareDialog(identity, shared, close);
    });
  }

  private signIn(): void {
    const identity = this.store.identity.value;
    if (identity === null) return;
    this.model.showDialog(async () => {
      const { signInDialog } = await import("./overlay");
      const signedIn = (): void => this.live.session.tryNow();
      const leave = (): void => this.unsaved.leave();
      return (close) => signInDialog(this.store, identity, { close, signedIn, leave });
    });
  }

  /** Whoever was signed out may have signed in in another tab. */
  private async lookForSignIn(): Promise<void> {
    if (this.live.session.view().stopped?.cause !== "signed-out") return;
    await this.attempt(async () => {
      if ((await this.store.load()).signedIn) this.live.session.tryNow();
    });
  }

  private async attempt(action: () => Promise<void>): Promise<void> {
    const { banners } = this.model;
    try {
      await action();
      banners.set("request", null);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { message } = error;
      banners.set("request", () => ({
        tone: "error",
        words: message,
        actions: [{ label: words().common.dismiss, run: () => banners.set("request", null) }],
      }));
    }
  }
}

const lostWords = (reason: Exclude<ReplaceReason, "given-up">): string => {
  const { lostEpoch, lostDiverged, lostRefused, lostFull } = words().saving;
  return { epoch: lostEpoch, diverged: lostDiverged, refused: lostRefused, full: lostFull }[reason];
};

const formatNumber = (number: number): string =>
  number.toLocaleString(document.documentElement.lang || "en");
