/**
 * Images on their way from this page into the document, as a state machine. Pure.
 *
 *   waiting ──sent──► sending ──stored──► (gone: the text has the image)
 *      ▲                 │
 *      └──retried── failed ──dismissed──► (gone)
 *
 * While it is on its way a placeholder stands in the text, told by the id in it: whatever the others
 * write or move, it is found again. Whoever deletes the placeholder does not want the image.
 */

export type UploadState = "waiting" | "sending" | "failed";

export interface Upload {
  readonly id: string;
  readonly fileName: string;
  readonly state: UploadState;
  /** From 0 to 1. */
  readonly progress: number;
  /** Why it failed, in words for the user. */
  readonly reason: string;
}

export type UploadEvent =
  | { readonly type: "chosen"; readonly id: string; readonly fileName: string }
  | { readonly type: "progressed"; readonly id: string; readonly progress: number }
  | { readonly type: "stored"; readonly id: string; readonly url: string }
  | { readonly type: "failed"; readonly id: string; readonly reason: string }
  | { readonly type: "retried"; readonly id: string }
  | { readonly type: "dismissed"; readonly id: string };

export type UploadEffect =
  /** Put a placeholder into the text, and send the file. */
  | { readonly type: "begin"; readonly id: string; readonly fileName: string }
  /** Put the image in place of its placeholder. */
  | { readonly type: "place"; readonly id: string; readonly fileName: string; readonly url: string }
  | { readonly type: "remove_placeholder"; readonly id: string }
  /** Let go of the file. */
  | { readonly type: "forget"; readonly id: string };

export class UploadList {
  private list: readonly Upload[] = [];

  get uploads(): readonly Upload[] {
    return this.list;
  }

  /** Those under way: how many, and how far they are together, from 0 to 1; null if there are none. */
  get progress(): { readonly count: number; readonly part: number } | null {
    const running = this.list.filter(({ state }) => state !== "failed");
    if (running.length === 0) return null;
    const sum = running.reduce((total, { progress }) => total + progress, 0);
    return { count: running.length, part: sum / running.length };
  }

  handle(event: UploadEvent): readonly UploadEffect[] {
    if (event.type === "chosen") {
      const { id, fileName } = event;
      this.list = [...this.list, { id, fileName, state: "waiting", progress: 0, reason: "" }];
      return [{ type: "begin", id, fileName }];
    }
    const upload = this.list.find(({ id }) => id === event.id);
    return upload === undefined ? [] : this.change(upload, event);
  }

  private change(
    upload: Upload,
    event: Exclude<UploadEvent, { type: "chosen" }>,
  ): readonly UploadEffect[] {
    const { id, fileName } = upload;
    const isRunning = upload.state !== "failed";
    switch (event.type) {
      case "progressed":
        if (isRunning) this.put({ ...upload, state: "sending", progress: event.progress });
        return [];
      case "stored":
        if (!isRunning) return [];
        this.drop(id);
        return [
          { type: "place", id, fileName, url: event.url },
          { type: "forget", id },
        ];
      case "failed":
        if (!isRunning) return [];
        this.put({ ...upload, state: "failed", reason: event.reason });
        return [{ type: "remove_placeholder", id }];
      case "retried":
        if (isRunning) return [];
        this.put({ ...upload, state: "waiting", progress: 0, reason: "" });
        return [{ type: "begin", id, fileName }];
      case "dismissed":
        if (isRunning) return [];
        this.drop(id);
        return [{ type: "forget", id }];
    }
  }

  private put(upload: Upload): void {
    this.list = this.list.map((each) => (each.id === upload.id ? upload : each));
  }

  private drop(id: string): void {
    this.list = this.list.filter((each) => each.id !== id);
  }
}
