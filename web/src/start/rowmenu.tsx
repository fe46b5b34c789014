/** What one can do with a document, without opening it. */

import { duplicateDocument, type ListedDocument } from "../api/shelf";
import { words } from "../language/language";
import { Icon } from "../ui/icon";
import { MenuButton, type MenuEntry } from "../ui/menu";
import { titleOf, type StartModel } from "./model";
import { openDocument } from "./opening";

interface RowMenuProps {
  readonly document: ListedDocument;
  readonly model: StartModel;
  readonly mayCreate: boolean;
  readonly onRename: () => void;
  readonly onTag: () => void;
  readonly onTrash: () => void;
}

export function RowMenu(props: RowMenuProps) {
  return (
    <MenuButton
      label={words().start.actions(titleOf(props.document))}
      class="icon-button"
      groups={() => [{ id: "document", entries: entriesOf(props) }]}
      atEnd
    >
      <Icon name="more" />
    </MenuButton>
  );
}

function entriesOf({ document, model, mayCreate, onRename, onTag, onTrash }: RowMenuProps): MenuEntry[] {
  const said = words().start;
  const isOwner = document.role === "owner";
  const copy = (title: string): void =>
    void model.act(async () => openDocument((await duplicateDocument(document.name, title)).name));
  return [
    ...(document.isTemplate && mayCreate ? [{ id: "use", icon: "document" as const, label: said.useTemplate, run: () => copy("") }] : []),
    ...(isOwner || document.role === "editor" ? [{ id: "rename", icon: "edit" as const, label: said.rename, run: onRename }] : []),
    { id: "tags", icon: "tag", label: said.editTags, run: onTag },
    ...(mayCreate ? [{ id: "duplicate", icon: "copy" as const, label: said.duplicate, run: () => copy(said.copyOf(titleOf(document))) }] : []),
    ...(isOwner
      ? [
          {
            id: "template",
            icon: "document" as const,
            label: document.isTemplate ? said.withdrawTemplate : said.offerTemplate,
            run: () => void model.offer(document),
          },
          { id: "trash", icon: "trash" as const, label: said.trash, run: onTrash },
        ]
      : []),
  ];
}
