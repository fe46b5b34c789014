import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { decodeBase64, encodeBase64 } from "../src/bytes";
import { decodeMessage, encodeMessage, type ClientMessage } from "../src/protocol";

interface Vector {
  readonly direction: "client" | "server";
  readonly json: Readonly<Record<string, unknown>> & { readonly type: string };
}

const vectors = JSON.parse(readFileSync(join(VECTORS, "protocol.json"), "utf8")) as Vector[];
const TEXT_MODE = new Set(["text_insert", "text_delete", "text_edit", "cursor_move", "events", "cursor"]);
const BYTES = new Set(["update", "state", "state_vector"]);

/** A vector with its base64 fields as bytes, as this client holds them. */
function withBytes(json: Vector["json"]): unknown {
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) =>
      BYTES.has(name) && typeof value === "string" ? [name, decodeBase64(value)] : [name, value],
    ),
  );
}

test("client messages encode to the golden vectors", () => {
  const sent = vectors.filter(
    ({ direction, json }) =>
      direction === "client" && !TEXT_MODE.has(json.type) && !("position_encoding" in json),
  );
  assert.ok(sent.length >= 9);
  for (const { json } of sent) {
    assert.deepEqual(JSON.parse(encodeMessage(withBytes(json) as ClientMessage)), json);
  }
});

test("every server message of yjs mode decodes with all its fields", () => {
  const received = vectors.filter(
    ({ direction, json }) => direction === "server" && !TEXT_MODE.has(json.type),
  );
  assert.ok(received.length >= 18);
  for (const { json } of received) {
    const message = decodeMessage(JSON.stringify(json));
    assert.ok(message, JSON.stringify(json));
    assert.equal(message.type, json.type);
    const wire = JSON.parse(JSON.stringify(message, (_key, value: unknown) =>
      value instanceof Uint8Array ? encodeBase64(value) : value,
    )) as Record<string, unknown>;
    for (const name of ["doc", "version", "id", "update", "state", "from", "to", "hash", "code"]) {
      if (name in json) assert.deepEqual(wire[name], json[name], `${json.type}.${name}`);
    }
  }
});

test("messages of text mode and unknown types are ignored", () => {
  for (const { direction, json } of vectors) {
    if (direction === "server" && TEXT_MODE.has(json.type)) {
      assert.equal(decodeMessage(JSON.stringify(json)), null);
    }
  }
  assert.equal(decodeMessage('{"type":"from_the_future","doc":"notes"}'), null);
  assert.equal(decodeMessage('{"type":"constructor"}'), null);
});

test("what is no message decodes to null and never throws", () => {
  const bad = [
    "",
    "{",
    "null",
    "[]",
    "7",
    '"ack"',
    "{}",
    '{"type":1}',
    '{"type":"ack","doc":"a","id":"b"}',
    '{"type":"ack","doc":"a","id":"b","version":-1}',
    '{"type":"ack","doc":"a","id":"b","version":1.5}',
    '{"type":"ack","doc":"a","id":"b","version":9007199254740992}',
    '{"type":"updates","doc":"a","from":1,"to":1,"update":"%%"}',
    '{"type":"joined","doc":"a","epoch":"e","version":1,"role":"editor","recovered":true,"members":[1]}',
    '{"type":"auth_ok","session":"s","user":null,"limits":{}}',
  ];
  for (const frame of bad) assert.equal(decodeMessage(frame), null, frame);
});

test("an unknown role allows the least", () => {
  const message = decodeMessage('{"type":"role","doc":"notes","role":"editor-in-chief"}');
  assert.deepEqual(message, { type: "role", doc: "notes", role: "viewer" });
});

test("base64 round-trips bytes of any length", () => {
  for (const length of [0, 1, 2, 3, 70_000]) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 31) & 255);
    assert.deepEqual(decodeBase64(encodeBase64(bytes)), bytes);
  }
  assert.equal(decodeBase64("a"), null);
});
