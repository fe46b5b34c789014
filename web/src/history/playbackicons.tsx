/** The icons of a player: filled, in the colour of the text around them. */

const PATHS = {
  play: "M6 4v12l10-6z",
  pause: "M6 4h3v12H6zM11 4h3v12h-3z",
  back: "M13 5v10l-7-5z",
  forward: "M7 5v10l7-5z",
  "sitting-back": "M4 5h2v10H4zM15 5v10l-8-5z",
  "sitting-forward": "M14 5h2v10h-2zM5 5v10l8-5z",
} as const;

export type PlayerIconName = keyof typeof PATHS;

export function PlayerIcon({ name }: { readonly name: PlayerIconName }) {
  return (
    <svg class="icon player-icon" width="20" height="20" viewBox="0 0 20 20" fill="currentColor" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
