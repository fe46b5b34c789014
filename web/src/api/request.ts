/** Requests to the HTTP API. The cookies of the browser say who asks; no secret is in an address. */

import { basePath } from "../base";
import { words } from "../language/language";
import { field, number, text } from "./read";

/** What the server answered instead, in words for the user. */
export class ApiError extends Error {
  /**
   * @param status of HTTP; 0 when there was no answer
   * @param code of the problem document, such as `auth_required`; empty if it has none
   * @param retryAfterMs how long the server asks to wait, or null
   * @param answer the problem document, or null
   */
  constructor(
    readonly status: number,
    message: string,
    readonly code = "",
    readonly retryAfterMs: number | null = null,
    readonly answer: unknown = null,
  ) {
    super(message);
  }
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Ask the API; `path` is below `api/`. Rejects with `ApiError` alone. */
export async function request(method: Method, path: string, body?: object): Promise<unknown> {
  return answerOf(await send(method, path, "application/json", body));
}

/** What a response says. Rejects as `request` does. */
export async function answerOf(response: Response): Promise<unknown> {
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) throw problem(answer, response);
  return answer;
}

/** As `request`, for what is answered as text and not as JSON. */
export async function requestText(path: string): Promise<string> {
  const response = await send("GET", path, "text/*, application/problem+json");
  if (!response.ok) throw problem(await response.json().catch(() => null), response);
  return response.text().catch(() => {
    throw new ApiError(0, words().common.unreachable);
  });
}

async function send(method: Method, path: string, accepted: string, body?: object): Promise<Response> {
  return fetch(`${basePath()}api/${path}`, {
    method,
    credentials: "same-origin",
    headers: {
      Accept: accepted,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch(() => {
    throw new ApiError(0, words().common.unreachable);
  });
}

/** The error in an RFC 9457 problem document. */
function problem(answer: unknown, response: Response): ApiError {
  const { status } = response;
  const said =
    text(answer, "detail") || text(answer, "title") || words().common.serverError(status);
  return new ApiError(status, said, text(answer, "code"), retryAfter(answer, response), answer);
}

function retryAfter(answer: unknown, response: Response): number | null {
  const inBody = field(answer, "retry_after_s");
  const seconds = inBody === undefined ? Number(response.headers.get("Retry-After") ?? NaN) : number(answer, "retry_after_s");
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null;
}

/** Run `action`; returns the error that the API answered, or null. */
export async function attempt(action: () => Promise<unknown>): Promise<ApiError | null> {
  try {
    await action();
    return null;
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}
