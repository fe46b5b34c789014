/** The text of inline tokens without their markup. Pure. */

import type { Token } from "../vendor/markdown";

export function plainText(tokens: readonly Token[]): string {
  return tokens
    .map((token) => {
      if (token.type === "softbreak" || token.type === "hardbreak") return " ";
      if (token.type === "html_inline" || token.type === "footnote_ref") return "";
      return token.children !== null && token.children.length > 0 ? plainText(token.children) : token.content;
    })
    .join("");
}
