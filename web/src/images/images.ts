/** Images that are pasted, dropped or chosen: they are uploaded, and the text refers to them. */

import { ApiError } from "../api/request";
import type { Command } from "../command/command";
import { fileHandlers } from "../editor/files";
import { words } from "../language/language";
import type { BannerList } from "../page/bannerlist";
import type { StatusItem } from "../page/statuslist";
import type { EditorView, Extension } from "../vendor/codemirror";
import { signal } from "../vendor/preact";
import { placed, placeholder, removed, type TextChange } from "./placeholder";
import { sendImage } from "./sending";
import { UploadList, type UploadEffect, type UploadEvent } from "./upload";

const LOOK_AGAIN_MS = 200;

export interface ImagePlace {
  /** Of the document. */
  readonly name: string;
  /** The document exists: its first edit makes it, and a placeholder may be that. */
  exists(): boolean;
  /** Make it, before anything is written. */
  create(): void;
  /** The editor, once there is one. */
  view(): EditorView | null;
}

export class Images {
  private readonly list = new UploadList();
  private readonly files = new Map<string, File>();
  private readonly failures = new Map<string, ApiError>();
  private readonly progress = signal(this.list.progress);

  constructor(
    private readonly place: ImagePlace,
    private readonly banners: BannerList,
  ) {}

  /** Takes the images among the files that are pasted or dropped into the editor. */
  get extension(): Extension {
    return fileHandlers.of((files, position, view) => {
      const images = files.filter(isImage);
      this.take(images, view, position);
      return files.filter((file) => !isImage(file));
    });
  }

  get command(): Command {
    return {
      id: "image",
      group: "insert",
      label: () => words().images.insert,
      icon: "image",
      available: () => this.place.view()?.state.readOnly === false,
      run: () => this.choose(),
    };
  }

  get status(): StatusItem {
    return {
      id: "uploads",
      side: "start",
      render: () => {
        const { value } = this.progress;
        return value === null ? null : words().images.uploading(value.count, Math.floor(value.part * 100));
      },
    };
  }

  /** Keep the picture of a file that is imported; returns its address, or null: the server takes it not. */
  async keep(picture: Blob): Promise<string | null> {
    if (!this.place.exists()) this.place.create();
    try {
      await this.existence();
      return await sendImage(this.place.name, picture, () => undefined);
    } catch (error) {
      if (error instanceof ApiError) return null;
      throw error;
    }
  }

  private async existence(): Promise<void> {
    while (!this.place.exists()) await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }

  private choose(): void {
    const input = document.createElement("input");
    input.type = "file";
    input.accept = "image/png,image/jpeg,image/gif,image/webp,image/avif";
    input.multiple = true;
    input.addEventListener("change", () => {
      const view = this.place.view();
      if (view !== null) this.take([...(input.files ?? [])], view, view.state.selection.main.from);
    });
    input.click();
  }

  private take(files: readonly File[], view: EditorView, position: number): void {
    if (files.length === 0) return;
    view.dispatch({ selection: { anchor: Math.min(position, view.state.doc.length) } });
    for (const file of files) {
      const id = crypto.getRandomValues(new Uint32Array(2)).join("-");
      this.files.set(id, file);
      this.handle({ type: "chosen", id, fileName: file.name });
    }
    view.focus();
  }

  private handle(event: UploadEvent): void {
    for (const effect of this.list.handle(event)) this.perform(effect);
    this.progress.value = this.list.progress;
    this.showFailures();
  }

  private perform(effect: UploadEffect): void {
    switch (effect.type) {
      case "begin":
        this.insert(placeholder(effect.id, words().images.placeholder(effect.fileName)));
        void this.send(effect.id);
        break;
      case "place":
        this.change((text) => placed(text, effect.id, effect.fileName, effect.url));
        break;
      case "remove_placeholder":
        this.change((text) => removed(text, effect.id));
        break;
      case "forget":
        this.files.delete(effect.id);
        this.failures.delete(effect.id);
        this.banners.set(`image-${effect.id}`, null);
        break;
    }
  }

  private async send(id: string): Promise<void> {
    const file = this.files.get(id);
    if (file === undefined) return;
    try {
      await this.existence();
      const url = await sendImage(this.place.name, file, (progress) =>
        this.handle({ type: "progressed", id, progress }),
      );
      this.handle({ type: "stored", id, url });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.failures.set(id, error);
      this.handle({ type: "failed", id, reason: error.message });
    }
  }

  private insert(text: string): void {
    const view = this.place.view();
    if (view === null) return;
    const { from, to } = view.state.selection.main;
    const before = from > 0 && view.state.sliceDoc(from - 2, from).endsWith(")") ? "\n" : "";
    view.dispatch({
      changes: { from, to, insert: before + text },
      selection: { anchor: from + before.length + text.length },
      userEvent: "input.image",
      scrollIntoView: true,
    });
  }

  private change(find: (text: string) => TextChange | null): void {
    const view = this.place.view();
    if (view === null || view.state.readOnly) return;
    const change = find(view.state.doc.toString());
    if (change !== null) view.dispatch({ changes: change, userEvent: "input.image" });
  }

  private showFailures(): void {
    for (const { id, fileName, state } of this.list.uploads) {
      if (state !== "failed") {
        this.banners.set(`image-${id}`, null);
        continue;
      }
      const failure = this.failures.get(id);
      this.banners.set(`image-${id}`, () => ({
        tone: "error",
        words: words().images.failed(fileName, failure === undefined ? "" : reasonOf(failure)),
        actions: [
          { label: words().images.retry, run: () => this.handle({ type: "retried", id }) },
          { label: words().common.dismiss, run: () => this.handle({ type: "dismissed", id }) },
        ],
      }));
    }
  }
}

const isImage = (file: File): boolean => file.type.startsWith("image/");

function reasonOf({ status, code, message }: ApiError): string {
  const { images } = words();
  if (status === 0) return images.unreachable;
  if (code === "no_image") return images.noImage;
  if (code === "storage_full") return images.serverFull;
  if (status === 413) return code === "images_full" ? images.full : images.tooLarge;
  return message;
}
