/** Which documents the start page lists, and what the server is asked for them. Pure. */

export type Show = "recent" | "all" | "mine" | "shared" | "pinned" | "templates" | "trash";
export type Order = "updated" | "title" | "created";

export interface ListView {
  readonly show: Show;
  readonly order: Order;
  /** One of the user's tags, or null. */
  readonly tag: string | null;
}

export const SHOWS: readonly Show[] = ["recent", "all", "mine", "shared", "pinned", "templates", "trash"];
export const ORDERS: readonly Order[] = ["updated", "title", "created"];
export const FIRST_VIEW: ListView = { show: "recent", order: "updated", tag: null };

const PAGE = "50";

/** The query of a list, without the place of its page. */
export function listQuery({ show, order, tag }: ListView): URLSearchParams {
  const query = new URLSearchParams({ limit: PAGE });
  if (show === "recent") query.set("sort", "opened");
  else {
    if (show !== "all") query.set("show", show);
    if (order !== "updated") query.set("sort", order);
  }
  if (tag !== null) query.set("tag", tag);
  return query;
}

/** The view as what stands behind the `#` of the address, so that Back leads to it. */
export function viewToHash({ show, order, tag }: ListView): string {
  const parts = new URLSearchParams();
  if (show !== FIRST_VIEW.show) parts.set("show", show);
  if (order !== FIRST_VIEW.order) parts.set("order", order);
  if (tag !== null) parts.set("tag", tag);
  const words = parts.toString();
  return words === "" ? "" : `#${words}`;
}

export function viewFromHash(hash: string): ListView {
  const parts = new URLSearchParams(hash.replace(/^#/, ""));
  return {
    show: SHOWS.find((each) => each === parts.get("show")) ?? FIRST_VIEW.show,
    order: ORDERS.find((each) => each === parts.get("order")) ?? FIRST_VIEW.order,
    tag: parts.get("tag"),
  };
}

/** Tags as somebody typed them, with commas between. */
export function tagsFrom(typed: string): string[] {
  const tags = typed.split(/[,;，、]/u).map((tag) => tag.replace(/\s+/gu, " ").trim().replace(/^#/, ""));
  return [...new Set(tags.filter((tag) => tag !== ""))];
}
