/** English: the catalogue that the others are checked against. One file for each part of the interface. */

import { addresses } from "./addresses";
import { command } from "./command";
import { common } from "./common";
import { page } from "./page";
import { writing } from "./writing";

export const english = {
  addresses,
  command,
  common,
  page,
  writing,
};

export type Words = typeof english;
