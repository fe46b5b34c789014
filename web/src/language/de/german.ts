/** German. The compiler refuses a catalogue that lacks a word of the English one. */

import type { Words } from "../en/english";
import { account } from "./account";
import { addresses } from "./addresses";
import { admin } from "./admin";
import { command } from "./command";
import { common } from "./common";
import { history } from "./history";
import { images } from "./images";
import { page } from "./page";
import { playback } from "./playback";
import { preview } from "./preview";
import { share } from "./share";
import { start } from "./start";
import { saving } from "./saving";
import { transfer } from "./transfer";
import { user } from "./user";
import { writing } from "./writing";

export const german: Words = {
  account,
  addresses,
  admin,
  command,
  common,
  history,
  images,
  page,
  playback,
  preview,
  share,
  start,
  saving,
  transfer,
  user,
  writing,
};
