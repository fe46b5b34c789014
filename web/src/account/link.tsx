/** A share link: its secret is exchanged for a role, and the document is opened. */

import { redeemLink } from "../api/session";
import { attempt, type ApiError } from "../api/request";
import { basePath } from "../base";
import type { IdentityStore } from "../identity/identity";
import { words } from "../language/language";
import { documentPage } from "../route";
import { Problem } from "../ui/form";
import { Frame } from "../ui/frame";
import { mountPage } from "../ui/mount";
import { useEffect, useState } from "../vendor/preact";
import { DeadLink } from "./deadlink";

export function showLinkPage(app: HTMLElement, secret: string | null): Promise<void> {
  return mountPage(app, () => words().account.sharedDocument, (store) => <LinkPage store={store} secret={secret} />);
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
        title={words().account.incompleteLink}
        lead={words().account.incompleteShareLink}
      />
    );
  }
  if (problem === null) return <Frame store={store} title={words().account.openingDocument} narrow />;
  if (problem.status !== 0 && problem.status !== 429 && problem.status < 500) {
    return (
      <DeadLink
        store={store}
        title={words().account.deadLink}
        lead={words().account.deadLinkLead}
      />
    );
  }
  return (
    <Frame store={store} title={words().common.notNow} narrow>
      <Problem error={problem} />
      <button type="button" class="button button-primary" onClick={() => void redeem()}>
        {words().common.tryAgain}
      </button>
    </Frame>
  );
}
