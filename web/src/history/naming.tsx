/** The names of versions as one gives, changes, removes and passes them on: dialogs, and what is said of it. */

import { words } from "../language/language";
import type { DocumentModel } from "../page/model";
import { CopyField, copyText } from "../ui/copy";
import { Dialog } from "../ui/dialog";
import { NameDialog } from "./namedialog";
import type { NamedVersion, NamedVersions } from "./namedversion";
import { versionLink } from "./versionlink";

export class Naming {
  constructor(
    private readonly model: DocumentModel,
    private readonly names: NamedVersions,
    /** Carry something out, and say why it failed. */
    private readonly attempt: (action: () => Promise<void>) => Promise<void>,
  ) {}

  /** Ask for the name of a version. */
  nameVersion(version: number): void {
    const { names } = words().history;
    this.model.dialog.show((close) => (
      <NameDialog
        title={names.dialogTitle(version)}
        name=""
        note=""
        save={async (name, note) => {
          await this.names.name(version, name, note);
          this.model.say(names.named(name));
        }}
        close={close}
      />
    ));
  }

  /** Ask for another name. */
  rename(named: NamedVersion): void {
    const { renameTitle } = words().history.names;
    this.model.dialog.show((close) => (
      <NameDialog
        title={renameTitle}
        name={named.isAutomatic ? "" : named.name}
        note={named.note}
        save={(name, note) => this.names.change(named.name, name, note)}
        close={close}
      />
    ));
  }

  async remove({ name }: NamedVersion): Promise<void> {
    await this.attempt(async () => {
      await this.names.remove(name);
      this.model.say(words().history.names.removed(name));
    });
  }

  /** Copy the link to a version, or show it where that is not allowed. */
  async copyLink(version: number): Promise<void> {
    const { linkCopied, linkTitle } = words().history.names;
    const link = versionLink(location.href, version);
    if (await copyText(link)) return this.model.say(linkCopied);
    this.model.dialog.show((close) => (
      <Dialog title={linkTitle} onClose={close}>
        <CopyField label={linkTitle} value={link} focus />
      </Dialog>
    ));
  }
}
