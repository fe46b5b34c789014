/** The entry: it takes the secret of a link out of the address, and shows the page. */

import "./styles/index.css";
import { keepEditor } from "./offline/register";
import { takeSecret } from "./secret";

// First of all: no other file is loaded while the secret is in the address.
const secret = takeSecret();

void import("./open")
  .then(({ openPage }) => {
    keepEditor();
    return openPage(secret);
  })
  .catch((error: unknown) => {
    // Shown only while the page is still blank.
    window.dispatchEvent(new Event("quire-away"));
    throw error;
  });
