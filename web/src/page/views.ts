/** The layouts of the page: source, preview, or both; kept on the device. */

export type View = "edit" | "both" | "view";

export const VIEWS: readonly View[] = ["edit", "both", "view"];

/** The letter of its shortcut. */
export const VIEW_KEYS: Readonly<Record<View, string>> = { edit: "e", both: "b", view: "v" };

const STORAGE_KEY = "quire:view";

/** Both panes where there is room for them, unless the user has chosen one. Pure. */
export function firstView(stored: string | null, isWide: boolean): View {
  if (stored === "edit" || stored === "view") return stored;
  return isWide ? "both" : "edit";
}

/** Where there is room for one pane, it is the text, unless the preview was chosen. Pure. */
export const layoutOf = (view: View, isNarrow: boolean): View => (isNarrow && view === "both" ? "edit" : view);

export function rememberedView(): string | null {
  try {
    return localStorage.getItem(STORAGE_KEY);
  } catch {
    return null;
  }
}

export function rememberView(view: View): void {
  try {
    localStorage.setItem(STORAGE_KEY, view);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}
