// Prints the bytes of the file that diamond-types makes of a session: `node diamond_types.mjs FILE`.
// The session is a list of transactions as in the recorded ones, compressed with gzip.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

import { OpLog } from "diamond-types-node";

const { txns } = JSON.parse(gunzipSync(readFileSync(process.argv[2])).toString());
const log = new OpLog();
const ends = [];
let operations = 0;
for (const { agent, parents, patches } of txns) {
  log.setAgent(`agent${agent}`);
  // A transaction that changes nothing ends where its parents do.
  let frontier = [...new Set(parents.flatMap((parent) => ends[parent]))];
  for (const [position, deleted, inserted] of patches) {
    const length = [...inserted].length;
    if (deleted) {
      log.del(position, deleted, Uint32Array.from(frontier));
      operations += deleted;
      frontier = [operations - 1];
    }
    if (length) {
      log.ins(position, inserted, Uint32Array.from(frontier));
      operations += length;
      frontier = [operations - 1];
    }
  }
  ends.push(frontier);
}
console.log(log.toBytes().length);
