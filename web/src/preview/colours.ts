/** Colours code with the parsers that the editor has. Text stays text; only spans are put around it. */

type Library = typeof import("../vendor/languages");
type Description = Library["languages"][number];

const MAX_CODE_CHARS = 50_000;

let library: Library | null = null;
let loading: Promise<unknown> | null = null;
const asked = new Set<Description>();

/** Colour all code in `element`; what needs loading first is left, and `loaded` called once it is here. */
export function colourCode(element: HTMLElement, loaded: () => void): void {
  for (const code of element.querySelectorAll<HTMLElement>("pre > code[class]")) {
    const name = /(?:^| )language-(\S+)/.exec(code.className)?.[1];
    if (name === undefined || code.childElementCount > 0 || (code.textContent ?? "").length > MAX_CODE_CHARS) continue;
    if (library === null) {
      loading ??= load().then(loaded, () => (loading = null));
      return;
    }
    colour(library, code, name, loaded);
  }
}

async function load(): Promise<void> {
  library = await import("../vendor/languages");
}

function colour({ LanguageDescription, languages, classHighlighter, highlightTree }: Library, code: HTMLElement, name: string, loaded: () => void): void {
  const description = LanguageDescription.matchLanguageName(languages, name, false);
  if (description === null) return;
  if (description.support === undefined) {
    if (!asked.has(description)) description.load().then(loaded, () => asked.delete(description));
    asked.add(description);
    return;
  }
  const text = code.textContent ?? "";
  const parts = document.createDocumentFragment();
  let done = 0;
  const tree = description.support.language.parser.parse(text);
  highlightTree(tree, classHighlighter, (from, to, classes) => {
    parts.append(text.slice(done, from));
    const span = document.createElement("span");
    span.className = classes;
    span.textContent = text.slice(from, to);
    parts.append(span);
    done = to;
  });
  parts.append(text.slice(done));
  code.replaceChildren(parts);
}
