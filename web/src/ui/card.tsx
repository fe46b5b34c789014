/** One subject of a page, with its heading. */

import type { ComponentChildren } from "../vendor/preact";

interface CardProps {
  readonly title: string;
  readonly children: ComponentChildren;
}

export function Card({ title, children }: CardProps) {
  return (
    <section class="card">
      <h2>{title}</h2>
      {children}
    </section>
  );
}
