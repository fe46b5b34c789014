/** The question before a document is deleted for good. */

import { words } from "../language/language";
import { Dialog } from "../ui/dialog";

interface PurgeDialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly onPurge: () => void;
}

export function PurgeDialog({ title, onClose, onPurge }: PurgeDialogProps) {
  const said = words().start;
  return (
    <Dialog title={said.purgeTitle} onClose={onClose}>
      <p dir="auto">{said.purgeWords(title)}</p>
      <div class="row">
        <button
          type="button"
          class="button button-danger"
          onClick={() => {
            onClose();
            onPurge();
          }}
        >
          {said.purgeNow}
        </button>
        <button type="button" class="button" onClick={onClose}>
          {words().common.cancel}
        </button>
      </div>
    </Dialog>
  );
}
