/** The toolbar over the text: what can be done with it, by the commands of the editor. */

import type { Command } from "../command/command";
import { words } from "../language/language";
import { Toolbar, type Tool, type ToolGroup } from "../ui/toolbar";
import type { DocumentModel } from "./model";

/** By the ids of commands; a list inside is a menu. Those that do not exist are left out. */
const LAYOUT: readonly { readonly id: string; readonly tools: readonly (string | readonly string[])[] }[] = [
  { id: "steps", tools: ["undo", "redo"] },
  { id: "marks", tools: [["heading-1", "heading-2", "heading-3"], "bold", "italic", "strike", "code", "link"] },
  { id: "lists", tools: ["bullet-list", "ordered-list", "task-list", "quote"] },
  { id: "blocks", tools: ["code-block", "table", "rule", "image"] },
  { id: "find", tools: ["find"] },
];

export function Formatting({ model }: { readonly model: DocumentModel }) {
  // What is on, and what can be done, depends on where the caret is.
  model.pulse.value;
  if (model.layout.value === "view" || model.shownVersion.value !== null || !model.isWritable.value) return null;
  const known = new Map(model.commands.all.map((command) => [command.id, command]));
  const groups = LAYOUT.map(({ id, tools }): ToolGroup => ({ id, tools: tools.flatMap((tool) => toolOf(tool, known)) }));
  const filled = groups.filter(({ tools }) => tools.length > 0);
  if (filled.length === 0) return null;
  return (
    <Toolbar
      label={words().command.formatting}
      groups={filled}
      isMac={model.commands.isMac}
      scrolls={model.isNarrow.value}
    />
  );
}

function toolOf(tool: string | readonly string[], known: ReadonlyMap<string, Command>): Tool[] {
  const commands = [tool].flat().flatMap((id) => known.get(id) ?? []);
  if (typeof tool === "string" || commands.length === 0) return commands;
  return [{ id: "headings", label: () => words().command.heading, icon: "heading", commands }];
}
