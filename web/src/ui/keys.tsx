/** A shortcut as it is shown beside what it does. */

/** The keys of a shortcut; those who listen are told by `aria-keyshortcuts`. */
export function Keys({ keys }: { readonly keys: readonly string[] }) {
  return (
    <span class="keys" aria-hidden="true">
      {keys.map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  );
}
