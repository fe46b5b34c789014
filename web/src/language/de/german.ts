/** German. The compiler refuses a catalogue that lacks a word of the English one. */

import type { Words } from "../en/english";
import { common } from "./common";
import { writing } from "./writing";

export const german: Words = { common, writing };
