/** One document in the list. */

import type { Hit } from "../api/shelf";
import { basePath } from "../base";
import { longTime, relativeTime } from "../dom";
import { words } from "../language/language";
import { documentPage } from "../route";
import { useState } from "../vendor/preact";
import { pieces } from "./highlight";
import { tagsFrom } from "./listview";
import { titleOf, type Row, type StartModel } from "./model";
import { PurgeDialog } from "./purgedialog";
import { RowForm } from "./rowform";
import { RowMenu } from "./rowmenu";

interface DocumentRowProps {
  readonly row: Row;
  readonly model: StartModel;
  readonly mayCreate: boolean;
  /** The document is not in this list any more. */
  readonly onRemoved: () => void;
}

type Doing = "nothing" | "renaming" | "tagging" | "purging";

export function DocumentRow({ row, model, mayCreate, onRemoved }: DocumentRowProps) {
  const [doing, setDoing] = useState<Doing>("nothing");
  const { document } = row;
  const said = words().start;
  const title = titleOf(document);
  const mayWrite = document.role === "owner" || document.role === "editor";
  const shown = document.deletedAt ?? document.updatedAt;
  const when = relativeTime(shown, Date.now());
  const trash = (): void => void model.trash(document).then(onRemoved);
  return (
    <li class="document-row">
      {doing === "renaming" || doing === "tagging" ? (
        <RowForm
          label={doing === "renaming" ? said.newTitle : said.tags}
          value={doing === "renaming" ? document.title : document.tags.join(", ")}
          placeholder={doing === "renaming" ? document.name : ""}
          hint={doing === "renaming" ? "" : said.tagsHint}
          onDone={(typed) => {
            setDoing("nothing");
            if (typed === null) return;
            void (doing === "renaming" ? model.rename(document, typed) : model.tag(document, tagsFrom(typed)));
          }}
        />
      ) : (
        <>
          <RowLink row={row} isTrashed={document.deletedAt !== null} onRename={mayWrite ? () => setDoing("renaming") : null} onTrash={document.role === "owner" ? trash : null} />
          <time class="document-time" dateTime={new Date(shown).toISOString()} title={longTime(shown)}>
            {document.deletedAt === null ? when : said.deletedAt(when)}
          </time>
          {document.deletedAt !== null ? (
            <div class="document-actions">
              <button type="button" class="button" onClick={() => void model.recover(document).then(onRemoved)}>
                {said.recover}
              </button>
              <button type="button" class="button button-danger" onClick={() => setDoing("purging")}>
                {said.purge}
              </button>
            </div>
          ) : (
            <div class="document-actions">
              <button
                type="button"
                class="icon-button pin-button"
                aria-pressed={document.pinned}
                aria-label={document.pinned ? said.unpin(title) : said.pin(title)}
                onClick={() => void model.pin(document)}
              >
                {document.pinned ? "★" : "☆"}
              </button>
              <RowMenu
                document={document}
                model={model}
                mayCreate={mayCreate}
                onRename={() => setDoing("renaming")}
                onTag={() => setDoing("tagging")}
                onTrash={trash}
              />
            </div>
          )}
        </>
      )}
      {doing === "purging" ? (
        <PurgeDialog
          title={title}
          onClose={() => setDoing("nothing")}
          onPurge={() => void model.purge(document).then(onRemoved)}
        />
      ) : null}
    </li>
  );
}

interface RowLinkProps {
  readonly row: Row;
  readonly isTrashed: boolean;
  readonly onRename: (() => void) | null;
  readonly onTrash: (() => void) | null;
}

function RowLink({ row, isTrashed, onRename, onTrash }: RowLinkProps) {
  const said = words().start;
  const { document } = row;
  const parts = (
    <>
      <span class="document-title" dir="auto">
        <Marked text={titleOf(document)} hits={row.titleHits} />
      </span>
      {row.excerpts.map((each, n) => (
        <span key={n} class="document-excerpt" dir="auto">
          <Marked text={each.text} hits={each.hits} />
        </span>
      ))}
      <span class="document-notes">
        {document.isTemplate ? <span class="tag">{said.template}</span> : null}
        {document.role === "viewer" || document.role === "commenter" ? <span class="tag">{said.viewOnly}</span> : null}
        {document.tags.map((tag) => (
          <bdi key={tag} class="tag tag-own">
            #{tag}
          </bdi>
        ))}
      </span>
    </>
  );
  if (isTrashed) {
    return (
      <span class="document-open" tabIndex={-1}>
        {parts}
      </span>
    );
  }
  return (
    <a
      class="document-open"
      href={documentPage(basePath(), document.name)}
      onKeyDown={(event) => {
        const act = event.key === "F2" ? onRename : event.key === "Delete" ? onTrash : null;
        if (act === null || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        act();
      }}
    >
      {parts}
    </a>
  );
}

function Marked({ text, hits }: { readonly text: string; readonly hits: readonly Hit[] }) {
  return (
    <>
      {pieces(text, hits).map((piece, n) => (piece.isHit ? <mark key={n}>{piece.text}</mark> : piece.text))}
    </>
  );
}
