/** German. The compiler refuses a catalogue that lacks a word of the English one. */

import type { Words } from "../en/english";
import { addresses } from "./addresses";
import { command } from "./command";
import { common } from "./common";
import { page } from "./page";
import { writing } from "./writing";

export const german: Words = {
  addresses,
  command,
  common,
  page,
  writing,
};
