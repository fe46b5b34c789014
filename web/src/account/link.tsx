/** A share link: its secret is exchanged for a role, and the document is opened. */

import { redeemLink } from "../api/session";
import { attempt, type ApiError } from "../api/request";
import { basePath } from "../base";
import type { IdentityStore } from "../identity/identity";
import { documentPage } from "../route";
import { Problem } from "../ui/form";
import { Frame } from "../ui/frame";
import { mountPage } from "../ui/mount";
import { useEffect, useState } from "../vendor/preact";
import { DeadLink } from "./deadlink";

export function showLinkPage(app: HTMLElement, secret: string | null): Promise<void> {
  return mountPage(app, "Shared document", (store) => <LinkPage store={store} secret={secret} />);
}

interface LinkPageProps {
  readonly store: IdentityStore;
  readonly secret: string | null;
}

function LinkPage({ store, secret }: LinkPageProps) {
  const [problem, setProblem] = useState<ApiError | null>(null);
  const redeem = async (): Promise<void> => {
    if (secret === null) return;
    setProblem(null);
    setProblem(
      await attempt(async () => location.replace(documentPage(basePath(), await redeemLink(secret)))),
    );
  };
  useEffect(() => void redeem(), [secret]);
  if (secret === null) {
    return (
      <DeadLink
        store={store}
        title="This link is not complete"
        words="Open the whole link that you were sent; the part behind the # is what lets you in."
      />
    );
  }
  if (problem === null) return <Frame store={store} title="Opening the document…" narrow />;
  if (problem.status !== 0 && problem.status !== 429 && problem.status < 500) {
    return (
      <DeadLink
        store={store}
        title="This link no longer works"
        words="It has expired, or was taken back. Ask whoever sent it to you for another one."
      />
    );
  }
  return (
    <Frame store={store} title="Not now" narrow>
      <Problem error={problem} />
      <button type="button" class="button button-primary" onClick={() => void redeem()}>
        Try again
      </button>
    </Frame>
  );
}
