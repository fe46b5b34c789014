/** Who wrote how much, which is also the legend of the authors in the text. */

import { locale, words } from "../language/language";
import type { AuthorLook } from "./authorcolours";
import { authorClass } from "./authorcolours";
import type { AuthorLayer } from "./authorlayer";
import { looksOf, type Contribution } from "./authorspans";
import { longTime } from "./times";

interface PeopleListProps {
  readonly layer: AuthorLayer;
  readonly isWritable: boolean;
  readonly onTakeBack: ((person: Contribution) => void) | null;
}

export function PeopleList({ layer, isWritable, onTakeBack }: PeopleListProps) {
  const { showAuthors, nobody } = words().history.people;
  const people = layer.people.value;
  const trouble = layer.trouble.value;
  const looks = looksOf(people ?? []);
  const all = (people ?? []).reduce((sum, { standing }) => sum + standing, 0);
  const note = trouble !== "" ? trouble : people === null ? words().history.loading : people.length === 0 ? nobody : "";
  return (
    <>
      <label class="check history-check">
        <input
          type="checkbox"
          checked={layer.isOn.value}
          onChange={({ currentTarget }) => layer.setOn(currentTarget.checked)}
        />
        {showAuthors}
      </label>
      <ul class="history-list people-list">
        {(people ?? []).map((person) => (
          <Person
            key={person.actor.id}
            person={person}
            look={looks.get(person.actor.id)}
            share={all === 0 ? 0 : person.standing / all}
            isWritable={isWritable}
            onTakeBack={onTakeBack}
          />
        ))}
      </ul>
      <p class="hint" role="status">
        {note}
      </p>
    </>
  );
}

interface PersonProps {
  readonly person: Contribution;
  readonly look: AuthorLook | undefined;
  readonly share: number;
  readonly isWritable: boolean;
  readonly onTakeBack: ((person: Contribution) => void) | null;
}

function Person({ person, look, share, isWritable, onTakeBack }: PersonProps) {
  const { standing, changed, between, takeBack, takeBackOf } = words().history.people;
  if (look === undefined) return null;
  const percent = Math.round(share * 100);
  return (
    <li class="person">
      <span class="author-initials" aria-hidden="true" ref={(dom) => dom?.style.setProperty("--author", look.color)}>
        {look.initials}
      </span>
      <bdi class={`person-name ${authorClass(look)}`} ref={(dom) => dom?.style.setProperty("--author", look.color)}>
        {look.name}
      </bdi>
      <span class="person-share">{standing(number(person.standing), percent)}</span>
      <span class="person-bar" aria-hidden="true">
        <span style={{ width: `${Math.max(percent, 1)}%`, backgroundColor: look.color }} />
      </span>
      <span class="person-more">{changed(number(person.inserted), number(person.deleted))}</span>
      <span class="person-more">{between(longTime(person.first), longTime(person.last))}</span>
      {onTakeBack === null ? null : (
        <button
          type="button"
          class="button button-small person-take-back"
          aria-label={takeBackOf(look.name)}
          disabled={!isWritable}
          onClick={() => onTakeBack(person)}
        >
          {takeBack}
        </button>
      )}
    </li>
  );
}

const number = (value: number): string => value.toLocaleString(locale());
