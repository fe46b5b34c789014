/** The bar at the bottom: the place in the text, its size, and what other parts add. */

import { words } from "../language/language";
import type { DocumentModel } from "./model";
import type { StatusItem } from "./statuslist";
import { isNearLimit } from "./textcounts";

export function StatusBar({ model }: { readonly model: DocumentModel }) {
  const items = model.status.items.value;
  return (
    <footer class="statusbar" aria-label={words().page.statusBar}>
      {(["start", "end"] as const).map((side) => (
        <div key={side} class="statusbar-side">
          {items.filter((item) => item.side === side).map((item) => (
            <Item key={item.id} item={item} />
          ))}
        </div>
      ))}
    </footer>
  );
}

/** A component of its own, so that what it reads renders it alone. */
function Item({ item }: { readonly item: StatusItem }) {
  const content = item.render();
  return content === null ? null : <span class="status-item">{content}</span>;
}

/** What the bar shows of every text. */
export function textItems(model: DocumentModel): StatusItem[] {
  return [
    {
      id: "place",
      side: "start",
      render: () => {
        const caret = model.caret.value;
        return caret === null ? null : words().page.place(caret.line, caret.column);
      },
    },
    {
      id: "selection",
      side: "start",
      render: () => {
        const caret = model.caret.value;
        if (caret === null || caret.selectedChars === 0) return null;
        return words().page.selected(caret.selectedLines, caret.selectedChars);
      },
    },
    {
      id: "size",
      side: "end",
      render: () => {
        const counts = model.counts.value;
        if (counts === null) return null;
        const limit = model.maxChars.value;
        const chars = isNearLimit(counts.chars, limit)
          ? words().page.charsOf(counts.chars, limit ?? 0)
          : words().page.chars(counts.chars);
        return `${words().page.words(counts.words)} · ${chars}`;
      },
    },
  ];
}
