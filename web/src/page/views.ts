/** Source, preview, or both. */

import { element } from "../dom";

export type View = "edit" | "both" | "view";

const LABELS: Readonly<Record<View, { label: string; key: string }>> = {
  edit: { label: "Edit", key: "E" },
  both: { label: "Both", key: "B" },
  view: { label: "View", key: "V" },
};

const STORAGE_KEY = "quire:view";

export class ViewSwitch {
  readonly dom = element("div", { class: "segmented", role: "group", "aria-label": "Layout" });
  private readonly buttons = new Map<View, HTMLButtonElement>();
  private current: View;

  constructor(private readonly onChange: (view: View) => void) {
    this.current = initialView();
    for (const view of ["edit", "both", "view"] as const) {
      const { label, key } = LABELS[view];
      const button = element(
        "button",
        { type: "button", title: `${label} (Ctrl/⌘ Alt ${key})`, onclick: () => this.select(view) },
        label,
      );
      this.buttons.set(view, button);
      this.dom.append(button);
    }
  }

  get view(): View {
    return this.current;
  }

  select(view: View): void {
    this.current = view;
    for (const [name, button] of this.buttons) {
      button.setAttribute("aria-pressed", String(name === view));
    }
    try {
      localStorage.setItem(STORAGE_KEY, view);
    } catch {
      // no storage: the choice lasts as long as the page
    }
    this.onChange(view);
  }
}

function initialView(): View {
  let stored: string | null = null;
  try {
    stored = localStorage.getItem(STORAGE_KEY);
  } catch {
    // as above
  }
  const wide = window.matchMedia("(min-width: 760px)").matches;
  if (stored === "edit" || stored === "view") return stored;
  return wide ? "both" : "edit";
}
