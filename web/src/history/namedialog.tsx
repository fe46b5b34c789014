/** The dialog in which a version gets a name, or another one. */

import { attempt } from "../api/request";
import { words } from "../language/language";
import { Dialog } from "../ui/dialog";
import { Field, Form, problemWords } from "../ui/form";
import { useId, useState } from "../vendor/preact";

const MAX_NAME = 120;
const MAX_NOTE = 2_000;

interface NameDialogProps {
  readonly title: string;
  readonly name: string;
  readonly note: string;
  /** Rejects with what the server said. */
  readonly save: (name: string, note: string) => Promise<void>;
  readonly close: () => void;
}

export function NameDialog({ title, name, note, save, close }: NameDialogProps) {
  const { nameLabel, noteLabel, nameHint, saveName } = words().history.names;
  const [problem, setProblem] = useState("");
  const noteId = useId();
  const submit = async (fields: Readonly<Record<string, string>>): Promise<void> => {
    const error = await attempt(() => save((fields["name"] ?? "").trim(), (fields["note"] ?? "").trim()));
    if (error === null) close();
    else setProblem(problemWords(error));
  };
  return (
    <Dialog title={title} onClose={close} class="name-dialog">
      <Form onSubmit={submit}>
        <Field label={nameLabel} name="name" value={name} hint={nameHint} maxLength={MAX_NAME} autofocus />
        <div class="field">
          <label for={noteId}>{noteLabel}</label>
          <textarea id={noteId} name="note" class="note-field" rows={3} maxLength={MAX_NOTE} defaultValue={note} />
        </div>
        <p class="problem" role="alert" hidden={problem === ""}>
          {problem}
        </p>
        <div class="row">
          <button type="submit" class="button button-primary">
            {saveName}
          </button>
          <button type="button" class="button" onClick={close}>
            {words().common.cancel}
          </button>
        </div>
      </Form>
    </Dialog>
  );
}
