/**
 * What the page of a document shows, as signals. The shell of the page (`document.ts`) writes them, the
 * components read them; no element, socket or timer is in here. Pure.
 */

import { CommandRegistry } from "../command/registry";
import { words } from "../language/language";
import type { Member, Role, User } from "../protocol";
import type { SaveState } from "../savestate";
import { ToastList } from "../ui/toastlist";
import { computed, signal, type ReadonlySignal, type Signal } from "../vendor/preact";
import { BannerList } from "./bannerlist";
import { DialogHost, type RenderDialog } from "./dialoghost";
import { presentUsers, withMet } from "./members";
import { PanelList } from "./panel";
import { StatusList } from "./statuslist";
import type { CaretPlace, TextCounts } from "./textcounts";
import { layoutOf, type View } from "./views";

export interface ShownTitle {
  readonly words: string;
  /** The text or the address gives it; otherwise somebody has set it. */
  readonly isDerived: boolean;
}

/** What is known of the session at one moment. */
export interface SessionFacts {
  readonly save: SaveState;
  readonly version: number;
  readonly role: Role | null;
  readonly isStopped: boolean;
  readonly isWritable: boolean;
  readonly user: User | null;
  readonly members: readonly Member[];
}

/** What the components ask for and only the shell can do. */
export interface ModelDeeds {
  /** Milliseconds; from any start. */
  now(): number;
  focusText(): void;
  jumpTo(user: User): void;
  follow(user: User | null): void;
}

const nothing = (): void => undefined;
const NO_DEEDS: ModelDeeds = { now: () => 0, focusText: nothing, jumpTo: nothing, follow: nothing };

export class DocumentModel {
  readonly commands: CommandRegistry;
  readonly banners = new BannerList();
  readonly panels = new PanelList();
  readonly status = new StatusList();
  readonly dialog = new DialogHost();
  readonly toasts = new ToastList();

  readonly title: Signal<ShownTitle>;
  readonly view: Signal<View>;
  /** As on a phone: there is room for one pane. */
  readonly isNarrow = signal(false);
  /** The layout that is shown: on a narrow page never both. */
  readonly layout: ReadonlySignal<View> = computed(() => layoutOf(this.view.value, this.isNarrow.value));
  readonly save = signal<SaveState>({ kind: "connecting", words: "" });
  readonly version = signal(0);
  readonly role = signal<Role | null>(null);
  readonly isWritable = signal(false);
  readonly isStopped = signal(false);
  readonly self = signal<User | null>(null);
  readonly members = signal<readonly Member[]>([]);
  /** The ids of those who have not moved for a while. */
  readonly idle = signal<readonly string[]>([]);
  /** The id of the user whom this window follows, or null. */
  readonly following = signal<string | null>(null);
  /** There are people with accounts, so that guests are worth a mark. */
  readonly hasAccounts = signal(false);
  /** The title is being changed. */
  readonly isRenaming = signal(false);
  /** Everybody who is here, or was while the page is open: oneself too, once each. */
  readonly met = signal<readonly User[]>([]);
  /** The old version that is shown in place of the live text, or null. */
  readonly shownVersion = signal<number | null>(null);
  /** Two old versions lie beside each other, in the room of both panes. */
  readonly isBeside = signal(false);
  /** Counts up, now and then, after the text or the caret has changed: for what depends on them. */
  readonly pulse = signal(0);
  /** Null until there is a text. */
  readonly caret = signal<CaretPlace | null>(null);
  readonly counts = signal<TextCounts | null>(null);
  /** How many characters the server takes in a document, once it has said so. */
  readonly maxChars = signal<number | null>(null);

  /** The others who are here, once each. */
  readonly others: ReadonlySignal<readonly User[]> = computed(() =>
    presentUsers(this.members.value, this.self.value),
  );
  readonly isShareable: ReadonlySignal<boolean> = computed(
    () => this.role.value !== null && !this.isStopped.value,
  );

  constructor(
    readonly name: string,
    first: { readonly view: View; readonly isMac: boolean },
    private readonly deeds: ModelDeeds = NO_DEEDS,
  ) {
    this.title = signal<ShownTitle>({ words: name, isDerived: true });
    this.view = signal<View>(first.view);
    this.commands = new CommandRegistry(first.isMac);
  }

  take(facts: SessionFacts): void {
    const { save } = facts;
    if (!isSame(this.save.value, save)) this.save.value = save;
    this.version.value = facts.version;
    this.role.value = facts.role;
    this.isStopped.value = facts.isStopped;
    this.isWritable.value = facts.isWritable;
    if (!isSame(this.self.value, facts.user)) this.self.value = facts.user;
    if (!isSame(this.members.value, facts.members)) {
      this.members.value = facts.members;
      this.met.value = withMet(this.met.value, facts.members);
    }
  }

  /** Show a dialog whose code is loaded first. */
  showDialog(load: () => Promise<RenderDialog>): void {
    load().then(
      (render) => this.dialog.show(render),
      () => this.say(words().page.partMissing),
    );
  }

  /** Tell the user something that goes by itself. */
  say(said: string, action: { readonly label: string; readonly run: () => void } | null = null): void {
    this.toasts.say(said, this.deeds.now(), action);
  }

  /** Show the source, if only the preview is shown; the layout that was chosen is kept on the device. */
  revealText(): void {
    if (this.layout.value === "view") this.view.value = this.isNarrow.value ? "edit" : "both";
  }

  focusText(): void {
    this.deeds.focusText();
  }

  /** Show where `user` is. */
  jumpTo(user: User): void {
    this.deeds.jumpTo(user);
  }

  /** Go wherever `user` goes, or no longer. */
  follow(user: User | null): void {
    this.deeds.follow(user);
  }

  /** Show `words`, which are set by somebody, or else derived. */
  setTitle(title: ShownTitle): void {
    if (!isSame(this.title.value, title)) this.title.value = title;
  }
}

const isSame = (one: unknown, other: unknown): boolean =>
  one === other || JSON.stringify(one) === JSON.stringify(other);
