/** The last step before HTML made from a document enters the page: what is not allowed is gone. */

import { DOMPurify } from "../vendor/purifier";

const purifier = DOMPurify(window);

purifier.addHook("afterSanitizeAttributes", (node) => {
  if (node.nodeName === "A" && node.hasAttribute("href")) {
    const href = node.getAttribute("href") ?? "";
    node.setAttribute("rel", "noopener noreferrer nofollow");
    if (!href.startsWith("#")) node.setAttribute("target", "_blank");
  }
  if (node.nodeName === "IMG") {
    node.setAttribute("loading", "lazy");
    node.setAttribute("referrerpolicy", "no-referrer");
  }
  if (node.nodeName === "INPUT") {
    // Only the checkboxes of task lists.
    if (node.getAttribute("type") === "checkbox") node.setAttribute("disabled", "");
    else node.remove();
  }
});

/** A fragment that is safe to insert, and is never serialised again on the way. */
export function sanitise(html: string): DocumentFragment {
  return purifier.sanitize(html, {
    RETURN_DOM_FRAGMENT: true,
    USE_PROFILES: { html: true },
    SANITIZE_NAMED_PROPS: true,
    FORBID_TAGS: ["style", "form", "button", "select", "textarea", "video", "audio"],
    FORBID_ATTR: ["style", "target", "id", "name"],
    ALLOW_DATA_ATTR: false,
  });
}
