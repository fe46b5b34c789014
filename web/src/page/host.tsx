/** A place in the page for elements that something else than a component made and keeps. */

import { useLayoutEffect, useRef } from "../vendor/preact";

interface HostProps {
  readonly class?: string;
  readonly doms: readonly HTMLElement[];
}

export function Host({ class: className = "", doms }: HostProps) {
  const host = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => host.current?.replaceChildren(...doms), doms);
  return <div ref={host} class={className} />;
}
