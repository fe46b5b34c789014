/** English: the catalogue that the others are checked against. One file for each part of the interface. */

import { common } from "./common";
import { writing } from "./writing";

export const english = { common, writing };

export type Words = typeof english;
