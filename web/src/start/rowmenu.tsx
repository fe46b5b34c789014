/** What one can do with a document, without opening it. */

import { duplicateDocument, type ListedDocument } from "../api/shelf";
import { words } from "../language/language";
import { useEffect, useRef, useState } from "../vendor/preact";
import { rowAfter } from "./listkeys";
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

interface Item {
  readonly label: string;
  readonly run: () => void;
}

export function RowMenu(props: RowMenuProps) {
  const [open, setOpen] = useState(false);
  const host = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return;
    host.current?.querySelector("[role=menu]")?.scrollIntoView({ block: "nearest" });
    host.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    const elsewhere = (event: Event): void => {
      if (event.target instanceof Node && host.current?.contains(event.target) !== true) setOpen(false);
    };
    document.addEventListener("pointerdown", elsewhere);
    document.addEventListener("focusin", elsewhere);
    return () => {
      document.removeEventListener("pointerdown", elsewhere);
      document.removeEventListener("focusin", elsewhere);
    };
  }, [open]);
  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  const keys = (event: KeyboardEvent): void => {
    const items = [...(host.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const at = items.findIndex((item) => item === event.target);
    if (event.key === "Escape") close();
    else if (event.key === "Tab") return setOpen(false);
    else {
      const to = rowAfter(event.key, at, items.length);
      if (to === null) return;
      items.at(to)?.focus();
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="row-menu" ref={host}>
      <button
        ref={button}
        type="button"
        class="icon-button"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={words().start.actions(titleOf(props.document))}
        onClick={() => setOpen(!open)}
      >
        <span aria-hidden="true">⋯</span>
      </button>
      {open ? (
        <div class="menu row-menu-items" role="menu" aria-label={words().start.actions(titleOf(props.document))} onKeyDown={keys}>
          {itemsOf(props).map(({ label, run }) => (
            <button
              key={label}
              type="button"
              role="menuitem"
              tabIndex={-1}
              class="menu-item"
              onClick={() => {
                close();
                run();
              }}
            >
              {label}
            </button>
          ))}
        </div>
      ) : null}
    </div>
  );
}

function itemsOf({ document, model, mayCreate, onRename, onTag, onTrash }: RowMenuProps): Item[] {
  const said = words().start;
  const isOwner = document.role === "owner";
  const copy = (title: string): void =>
    void model.act(async () => openDocument((await duplicateDocument(document.name, title)).name));
  return [
    ...(document.isTemplate && mayCreate ? [{ label: said.useTemplate, run: () => copy("") }] : []),
    ...(isOwner || document.role === "editor" ? [{ label: said.rename, run: onRename }] : []),
    { label: said.editTags, run: onTag },
    ...(mayCreate ? [{ label: said.duplicate, run: () => copy(said.copyOf(titleOf(document))) }] : []),
    ...(isOwner
      ? [
          {
            label: document.isTemplate ? said.withdrawTemplate : said.offerTemplate,
            run: () => void model.offer(document),
          },
          { label: said.trash, run: onTrash },
        ]
      : []),
  ];
}
