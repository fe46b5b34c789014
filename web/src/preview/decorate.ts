/** What the page adds to a sanitised block: names for screen readers, boxes that can be clicked, and what stands for images. */

import { words } from "../language/language";

export type TaskBox = HTMLInputElement;

/** @param writable whether tasks can be ticked */
export function decorate(element: HTMLElement, writable: boolean): void {
  for (const box of element.querySelectorAll<TaskBox>("input.task-box")) {
    box.disabled = !writable;
    if (box.ariaLabel === null || box.ariaLabel === "☐") box.ariaLabel = words().preview.task;
  }
  for (const link of element.querySelectorAll("a.footnote-backref")) link.ariaLabel = words().preview.backToText;
  for (const image of element.querySelectorAll<HTMLImageElement>("img.image-missing")) image.replaceWith(missing(image));
  // What can be scrolled can be reached with the keyboard.
  for (const wide of element.querySelectorAll<HTMLElement>("pre, table")) {
    if (wide.closest(".numbers") === null && !wide.hasAttribute("tabindex")) wide.tabIndex = 0;
  }
}

function missing(image: HTMLImageElement): HTMLElement {
  const note = document.createElement("span");
  note.className = "image-missing";
  note.textContent = `${image.alt === "" ? words().preview.image : image.alt} (${words().preview.imageNotShown})`;
  return note;
}
