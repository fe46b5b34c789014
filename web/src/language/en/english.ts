/** English: the catalogue that the others are checked against. One file for each part of the interface. */

import { common } from "./common";

export const english = { common };

export type Words = typeof english;
