/** The address of this Quire's WebSocket. */

import { basePath } from "../base";

export const socketUrl = (): string =>
  `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}${basePath()}ws`;
