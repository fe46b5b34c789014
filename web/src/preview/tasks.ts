/** `- [ ] task` and `- [x] done` as list items with a checkbox. */

import type { MarkdownIt } from "../vendor/markdown";

type Parser = InstanceType<typeof MarkdownIt>;

const MARK = /^\[([ xX])\][ \t]+/;

export function taskLists(parser: Parser): void {
  parser.core.ruler.after("inline", "task_lists", (state) => {
    const { tokens } = state;
    for (let index = 2; index < tokens.length; index++) {
      const [inline, paragraph, item] = [tokens[index], tokens[index - 1], tokens[index - 2]];
      if (inline?.type !== "inline" || paragraph?.type !== "paragraph_open") continue;
      if (item?.type !== "list_item_open") continue;
      const first = inline.children?.[0];
      const mark = MARK.exec(first?.content ?? "");
      if (first?.type !== "text" || mark === null) continue;
      first.content = first.content.slice(mark[0].length);
      item.attrJoin("class", "task");
      const box = new state.Token("task_box", "input", 0);
      box.meta = { done: mark[1] !== " " };
      inline.children?.unshift(box);
    }
  });
  parser.renderer.rules["task_box"] = (tokens, index) => {
    const meta: unknown = tokens[index]?.meta;
    const done = typeof meta === "object" && meta !== null && "done" in meta && meta.done === true;
    return `<input type="checkbox" disabled${done ? " checked" : ""}> `;
  };
}
