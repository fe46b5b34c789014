/** Which words go with the status of a page. Pure. */

export type AddressFailure = "notFound" | "notAllowed" | "tooOften" | "unavailable" | "defect";

export function failureOf(status: number): AddressFailure {
  if (status === 405) return "notAllowed";
  if (status === 429) return "tooOften";
  if (status === 502 || status === 503 || status === 504) return "unavailable";
  return status >= 500 ? "defect" : "notFound";
}

/** The status that the page states of itself; what is not there or not a number is a success. */
export function statusOf(content: string | undefined): number {
  return content !== undefined && /^[1-5][0-9]{2}$/.test(content) ? Number(content) : 200;
}
