/** A choice of roles, with none among them. */

import { words } from "../language/language";
import type { Role } from "../protocol";
import { rolesToOffer } from "./words";

interface RoleSelectProps {
  readonly label: string;
  readonly role: Role | null;
  /** What no role is called; without it there is always one. */
  readonly none?: string;
  readonly onChange: (role: Role | null) => void;
}

export function RoleSelect({ label, role, none, onChange }: RoleSelectProps) {
  const offered = rolesToOffer(role);
  return (
    <select
      class="select"
      aria-label={label}
      value={role ?? ""}
      onChange={(event) => {
        const { value } = event.currentTarget;
        onChange(offered.find((each) => each === value) ?? null);
      }}
    >
      {offered.map((each) => (
        <option key={each} value={each}>
          {words().share.roles[each]}
        </option>
      ))}
      {none === undefined ? null : <option value="">{none}</option>}
    </select>
  );
}
