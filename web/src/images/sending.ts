/** Sends the file of an image to the server, and tells how far it is. */

import { ApiError } from "../api/request";
import { text } from "../api/read";
import { basePath } from "../base";

/** @returns the path under which the image is kept; rejects with `ApiError` alone */
export function sendImage(name: string, image: Blob, progressed: (part: number) => void): Promise<string> {
  // `fetch` does not tell how much of a body has gone.
  const request = new XMLHttpRequest();
  return new Promise((resolve, reject) => {
    request.upload.onprogress = ({ loaded, total }) => progressed(total > 0 ? loaded / total : 0);
    request.onerror = request.onabort = request.ontimeout = () => reject(new ApiError(0, ""));
    request.onload = () => {
      const answer = parsed(request.responseText);
      const url = text(answer, "url");
      const file = /[0-9a-f]{64}\.[a-z]+$/.exec(url)?.[0];
      if (request.status < 300 && file !== undefined) resolve(`${path}/${file}`);
      else reject(new ApiError(request.status, text(answer, "detail"), text(answer, "code")));
    };
    // As this page sees it: a proxy may have put a prefix in front.
    const path = `${basePath()}api/documents/${encodeURIComponent(name)}/files`;
    request.open("POST", path);
    request.setRequestHeader("Accept", "application/json");
    request.send(image);
  });
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
