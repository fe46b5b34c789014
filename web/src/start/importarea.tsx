/** The place where files are dropped or chosen, to become documents. */

import { words } from "../language/language";
import type { ImportOutcome } from "../transfer/importdocuments";
import { useEffect, useRef, useState, type ComponentChildren } from "../vendor/preact";
import type { StartModel } from "./model";
import { openDocument } from "./opening";

const ACCEPTED = ".md,.markdown,.txt,.html,.htm,.docx";

interface ImportAreaProps {
  readonly isAllowed: boolean;
  readonly model: StartModel;
  readonly children: (choose: () => void) => ComponentChildren;
}

export function ImportArea({ isAllowed, model, children }: ImportAreaProps) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const [outcomes, setOutcomes] = useState<readonly ImportOutcome[]>([]);
  const [busy, setBusy] = useState(false);
  const take = async (files: readonly File[]): Promise<void> => {
    if (files.length === 0) return;
    setBusy(true);
    const { importDocuments } = await import("../transfer/importdocuments");
    const found = await importDocuments(files);
    setBusy(false);
    const [only] = found;
    if (found.length === 1 && only?.document != null && only.problems.length === 0) {
      return openDocument(only.document.name);
    }
    setOutcomes(found);
    model.show({ show: "all", order: "updated", tag: null });
  };
  useDrop(isAllowed, setOver, (files) => void take(files));
  const said = words().start;
  const count = outcomes.filter((each) => each.document !== null).length;
  const failed = outcomes.filter((each) => each.problems.length > 0);
  return (
    <>
      <input
        ref={input}
        class="visually-hidden"
        type="file"
        multiple
        accept={ACCEPTED}
        tabIndex={-1}
        aria-hidden="true"
        onChange={(event) => {
          void take([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = "";
        }}
      />
      {children(() => input.current?.click())}
      {over ? <div class="drop-here">{said.dropHere}</div> : null}
      {busy || outcomes.length > 0 ? (
        <div class={failed.length > 0 ? "import-outcome import-outcome-partly" : "import-outcome"} role="status">
          {busy ? <p>{said.loading}</p> : <p>{said.imported(count)}</p>}
          <ul>
            {failed.map(({ fileName, problems }, n) => (
              <li key={n} dir="auto">
                {withName(fileName, problems.map((problem) => problem()).join(" "))}
              </li>
            ))}
          </ul>
        </div>
      ) : null}
    </>
  );
}

/** Files that are dragged over the page, and dropped anywhere on it. */
function useDrop(isAllowed: boolean, setOver: (over: boolean) => void, take: (files: readonly File[]) => void): void {
  useEffect(() => {
    if (!isAllowed) return;
    const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") === true;
    const over = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(false);
      take([...(event.dataTransfer?.files ?? [])]);
    };
    document.addEventListener("dragover", over);
    document.addEventListener("dragleave", leave);
    document.addEventListener("drop", drop);
    return () => {
      document.removeEventListener("dragover", over);
      document.removeEventListener("dragleave", leave);
      document.removeEventListener("drop", drop);
    };
  }, [isAllowed]);
}

/** Most problems name the file themselves. */
const withName = (fileName: string, said: string): string => (said.includes(fileName) ? said : `${fileName}: ${said}`);
