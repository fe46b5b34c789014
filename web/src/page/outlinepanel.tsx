/** The panel with the headings of the text: where one is, and the way to each. */

import { words } from "../language/language";
import { outlineOf, type Heading } from "../markup/outline";
import { signal } from "../vendor/preact";
import type { DocumentModel } from "./model";
import { currentHeading, indentsOf } from "./headings";

const MIN_DELAY_MS = 300;
const MAX_DELAY_MS = 3_000;
/** The longer the reading takes, the rarer it is done: it stays under a tenth of the page's time. */
const DELAY_PER_COST = 10;

interface OutlineSource {
  text(): string;
  /** Go to a line, from 0, in what is shown. */
  goTo(line: number): void;
}

export class OutlinePart {
  private readonly headings = signal<readonly Heading[]>([]);
  private timer: number | undefined;
  private costMs = 0;

  constructor(
    private readonly model: DocumentModel,
    private readonly source: OutlineSource,
  ) {
    model.panels.add({
      id: "outline",
      title: () => words().command.outline,
      render: () => <Outline model={model} headings={this.headings.value} onGo={(line) => source.goTo(line)} />,
      opened: () => this.refresh(),
    });
    model.commands.add([
      {
        id: "outline",
        group: "view",
        label: () => words().command.outline,
        shortcut: "Mod-Alt-o",
        icon: "outline",
        active: () => model.panels.isOpen("outline"),
        run: () => model.panels.toggle("outline"),
      },
    ]);
  }

  /** The text has changed: nothing is read while the panel is closed. */
  textChanged(): void {
    if (!this.model.panels.isOpen("outline")) return;
    const delay = Math.min(Math.max(DELAY_PER_COST * this.costMs, MIN_DELAY_MS), MAX_DELAY_MS);
    this.timer ??= window.setTimeout(() => this.refresh(), delay);
  }

  private refresh(): void {
    window.clearTimeout(this.timer);
    this.timer = undefined;
    const start = performance.now();
    this.headings.value = outlineOf(this.source.text());
    this.costMs = performance.now() - start;
  }
}

interface OutlineProps {
  readonly model: DocumentModel;
  readonly headings: readonly Heading[];
  readonly onGo: (line: number) => void;
}

function Outline({ model, headings, onGo }: OutlineProps) {
  if (headings.length === 0) return <p class="hint">{words().page.noHeadings}</p>;
  const indents = indentsOf(headings);
  const current = currentHeading(headings, (model.caret.value?.line ?? 1) - 1);
  return (
    <ol class="outline">
      {headings.map(({ id, text, line }, index) => (
        <li key={id}>
          <button
            type="button"
            class={`outline-entry outline-indent-${indents[index]}`}
            dir="auto"
            {...(index === current ? { "aria-current": "location" as const } : {})}
            onClick={() => onGo(line)}
          >
            {text === "" ? words().page.emptyHeading : text}
          </button>
        </li>
      ))}
    </ol>
  );
}
