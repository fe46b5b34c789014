/** The source pane: CodeMirror in markdown mode. */

import {
  Compartment,
  EditorState,
  EditorView,
  Prec,
  bracketMatching,
  defaultKeymap,
  drawSelection,
  dropCursor,
  highlightActiveLine,
  highlightSelectionMatches,
  highlightSpecialChars,
  indentUnit,
  keymap,
  pasteURLAsLink,
  placeholder,
  searchKeymap,
  syntaxHighlighting,
  type Extension,
} from "../vendor/codemirror";
import { element } from "../dom";
import { inEveryLanguage, words } from "../language/language";
import { normalText } from "../newlines";
import { blinking } from "./blinking";
import { filesIn } from "./files";
import { finding } from "./findpanel";
import { markdownSource, markdownStyle } from "./highlight";
import { pasting } from "./pasting";
import { preferring } from "./preferring";
import { allScripts } from "./scripts";
import { writingKeys } from "./writingcommands";

const cspNonce = (): Extension => {
  const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content;
  return nonce === undefined || nonce === "" ? [] : EditorView.cspNonce.of(nonce);
};

/** What everything that shows source has in common. */
const plain: Extension = [
  highlightSpecialChars({
    // What an old text holds at the end of its lines, and at its start, is nothing to look at.
    render: (code, description, box) =>
      code === 0x0d || code === 0xfeff
        ? element("span")
        : element("span", { class: "cm-specialChar", title: description ?? "", "aria-label": description ?? "" }, box),
  }),
  allScripts,
];

/** What the live editor and the view of an old version have in common. */
const reading: Extension = [plain, markdownSource, pasteURLAsLink, syntaxHighlighting(markdownStyle)];

export interface SourceEditor {
  readonly view: EditorView;
  setWritable(writable: boolean): void;
}

/**
 * An editor of `text`; `extensions` bind it to where the text comes from.
 *
 * @param label what a screen reader says it is
 */
export function createEditor(
  parent: HTMLElement,
  text: string,
  label: () => string,
  extensions: Extension,
): SourceEditor {
  const access = new Compartment();
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        cspNonce(),
        extensions,
        access.of(accessTo(false)),
        preferring(),
        reading,
        drawSelection(),
        blinking,
        dropCursor(),
        bracketMatching(),
        highlightActiveLine(),
        highlightSelectionMatches(),
        finding,
        indentUnit.of("  "),
        filesIn,
        pasting,
        Prec.high(tellWayOut),
        keymap.of([...writingKeys, ...findKeys, ...otherKeys]),
        EditorView.contentAttributes.of(() => ({ "aria-label": label() })),
        EditorView.contentAttributes.of({
          // A scrolling region must take the focus, says axe, and does not count what is editable.
          tabindex: "0",
          autocapitalize: "sentences",
        }),
      ],
    }),
  });
  const show = (writable: boolean): void => view.dispatch({ effects: access.reconfigure(accessTo(writable)) });
  inEveryLanguage(() => show(!view.state.readOnly));
  return {
    view,
    setWritable(writable) {
      if (view.state.readOnly === writable) show(writable);
    },
  };
}

/** What makes an editor one to read in; without the colours of Markdown where the text changes quickly. */
export const readerOf = (label: string, { isPlain = false } = {}): Extension => [
  cspNonce(),
  EditorState.lineSeparator.of("\n"),
  EditorState.readOnly.of(true),
  EditorView.editable.of(false),
  EditorView.lineWrapping,
  isPlain ? plain : reading,
  EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
];

/** `text` to look at, as the source pane shows it. */
export function createReader(
  parent: HTMLElement,
  text: string,
  label: string,
  extensions: Extension = [],
  options = {},
): EditorView {
  return new EditorView({
    parent,
    state: EditorState.create({ doc: normalText(text), extensions: [extensions, readerOf(label, options)] }),
  });
}

/** Going to a line by its number means little in a text whose lines wrap. */
const findKeys = searchKeymap.filter(({ key }) => key !== "Mod-Alt-g");

const TAB_LEAVES_MS = 2_000;

/** Tab indents, so who has only a keyboard is told how to leave. */
const tellWayOut: Extension = [
  EditorView.contentAttributes.of(() => ({ "aria-description": words().writing.wayOut })),
  EditorView.domEventHandlers({
    keydown(event, view) {
      if (event.key === "Escape" && !event.isComposing && !view.state.readOnly) {
        // CodeMirror does so itself, but not where Escape also takes a selection back.
        view.setTabFocusMode(TAB_LEAVES_MS);
        view.dispatch({ effects: EditorView.announce.of(words().writing.tabLeaves) });
      }
      return false;
    },
  }),
];

/** The page shows its help at Mod-/, in place of a comment in HTML, which nobody wants here. */
const otherKeys = defaultKeymap.filter(({ key }) => key !== "Mod-/" && key !== "Alt-A");

/** Read-only keeps the caret and the focus, so one can still select, copy and search. */
const accessTo = (writable: boolean): Extension =>
  writable
    ? placeholder(words().writing.invitation)
    : [
        EditorState.readOnly.of(true),
        placeholder(words().writing.empty),
        // No keyboard comes up on a phone.
        EditorView.contentAttributes.of({ "aria-readonly": "true", inputmode: "none" }),
      ];
