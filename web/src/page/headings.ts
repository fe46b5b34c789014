/** How headings are shown as an outline. Pure. */

interface HeadingLine {
  readonly level: number;
  readonly line: number;
}

/** The last heading at or above `line`, or -1. */
export function currentHeading(headings: readonly HeadingLine[], line: number): number {
  let current = -1;
  headings.forEach((heading, index) => {
    if (heading.line <= line) current = index;
  });
  return current;
}

/** How far each is moved in: by the headings above it, so that a skipped level leaves no hole. */
export function indentsOf(headings: readonly HeadingLine[]): number[] {
  const above: number[] = [];
  return headings.map(({ level }) => {
    while ((above[above.length - 1] ?? 0) >= level) above.pop();
    above.push(level);
    return above.length - 1;
  });
}
