/** German. The compiler refuses a catalogue that lacks a word of the English one. */

import type { Words } from "../en/english";
import { addresses } from "./addresses";
import { command } from "./command";
import { common } from "./common";
import { history } from "./history";
import { page } from "./page";
import { preview } from "./preview";
import { transfer } from "./transfer";
import { user } from "./user";
import { writing } from "./writing";

export const german: Words = {
  addresses,
  command,
  common,
  history,
  page,
  preview,
  transfer,
  user,
  writing,
};
