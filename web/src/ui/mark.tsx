/** The mark of Quire: folded sheets, one in the other. `icon.svg` is the same. */

interface MarkProps {
  /** Beside the mark stands its name. */
  readonly named?: boolean;
}

const SHEET = "c4-1.200 7.500-.3 9.500 2.900 2-3.200 5.500-4.100 9.500-2.900";

export function Mark({ named = false }: MarkProps) {
  return (
    <span class="mark">
      <svg class="mark-sign" width="28" height="28" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
        <rect class="mark-ground" width="32" height="32" rx="8" />
        <path d={`M6.500 8.800${SHEET}`} />
        <path d={`M6.500 14.600${SHEET}`} opacity=".8" />
        <path d={`M6.500 20.400${SHEET}`} opacity=".6" />
      </svg>
      {named ? <span class="mark-name">Quire</span> : null}
    </span>
  );
}
