/** The bar of the playback: buttons, what is shown, and the slider over the whole life of the document. */

import { locale, words } from "../language/language";
import { safeColor } from "../safe";
import { Icon } from "../ui/icon";
import { useEffect, useMemo, useRef, useState } from "../vendor/preact";
import { lookOf } from "./authorlook";
import { SPEEDS, type Speed } from "./playbackclock";
import { densityOf } from "./playbackdensity";
import { PlayerIcon, type PlayerIconName } from "./playbackicons";
import { isSpeed, type PlaybackModel, type PlaybackStep } from "./playbackmodel";
import { PlaybackSpeech } from "./playbackspeech";
import type { PlaybackView } from "./playbackview";
import { clockTime, longTime } from "./times";

const BARS = 160;
/** More sittings than this are no ticks any more, but a grey band. */
const MAX_TICKS = 240;

interface BarProps {
  readonly view: PlaybackView;
}

export function PlaybackBar({ view, isRestorable }: BarProps & { readonly isRestorable: boolean }) {
  const { model, actions } = view;
  const { title, close, tryAgain } = words().playback;
  const { restore, showChanges } = words().history;
  const version = model.version.value;
  const trouble = model.trouble.value;
  return (
    <section class="playback" aria-label={title}>
      <div class="playback-row">
        <Buttons model={model} />
        <SpeedChoice model={model} />
        <Shown model={model} />
        <span class="spacer" />
        {trouble === "" ? (
          <Loading model={model} />
        ) : (
          <span class="playback-trouble" role="alert">
            {trouble}{" "}
            <button type="button" class="button button-small" onClick={() => void model.load()}>
              {tryAgain}
            </button>
          </span>
        )}
        <button type="button" class="button button-small" disabled={version === 0} onClick={() => actions.inspect(version)}>
          {showChanges}
        </button>
        <button
          type="button"
          class="button button-small button-primary"
          disabled={!isRestorable || version === model.head.value}
          onClick={() => actions.restore(version)}
        >
          {restore}
        </button>
        <button type="button" class="icon-button playback-close" aria-label={close} data-tip={close} onClick={() => actions.close()}>
          <Icon name="close" />
        </button>
      </div>
      <Track model={model} />
      <Said model={model} />
    </section>
  );
}

function Buttons({ model }: { readonly model: PlaybackModel }) {
  const { play, pause, sittingBack, sittingForward, stepBack, stepForward } = words().playback;
  const isPlaying = model.isPlaying.value;
  const step = (which: PlaybackStep, icon: PlayerIconName, label: string) => (
    <button type="button" class="icon-button" aria-label={label} data-tip={label} onClick={() => model.step(which)}>
      <PlayerIcon name={icon} />
    </button>
  );
  return (
    <div class="playback-buttons" role="group">
      {step("sitting-back", "sitting-back", sittingBack)}
      {step("back", "back", stepBack)}
      <button
        type="button"
        class="icon-button playback-toggle"
        aria-label={isPlaying ? pause : play}
        data-tip={isPlaying ? pause : play}
        onClick={() => model.toggle()}
      >
        <PlayerIcon name={isPlaying ? "pause" : "play"} />
      </button>
      {step("forward", "forward", stepForward)}
      {step("sitting-forward", "sitting-forward", sittingForward)}
    </div>
  );
}

function SpeedChoice({ model }: { readonly model: PlaybackModel }) {
  const { speed, times } = words().playback;
  const choose = (value: number): void => {
    if (isSpeed(value)) model.setSpeed(value);
  };
  return (
    <select
      class="select playback-speed"
      aria-label={speed}
      value={String(model.speed.value)}
      onChange={({ currentTarget }) => choose(Number(currentTarget.value))}
    >
      {SPEEDS.map((each: Speed) => (
        <option key={each} value={String(each)}>
          {times(each)}
        </option>
      ))}
    </select>
  );
}

const shownNumber = (value: number): string => value.toLocaleString(locale());

/** Which version it is, by whom and of when. */
function Shown({ model }: { readonly model: PlaybackModel }) {
  const { ofHead, beginning } = words().playback;
  const version = model.version.value;
  const writer = model.life.people[model.life.personAt(version)];
  if (version === 0 || writer === undefined) return <p class="playback-shown">{beginning}</p>;
  const look = lookOf(writer.actor, writer.color, model.life.personAt(version));
  return (
    <p class="playback-shown">
      <span class="playback-version">{ofHead(shownNumber(version), shownNumber(model.head.value))}</span>
      <span class="playback-who">
        <span class="sitting-dot" style={{ backgroundColor: look.color }} aria-hidden="true" />
        <bdi>{look.name}</bdi>
      </span>
      <time class="playback-when">{longTime(model.life.timeOf(version))}</time>
      <MergedNote model={model} />
    </p>
  );
}

/** The versions that the shown one stands for, where old events were merged. */
function MergedNote({ model }: { readonly model: PlaybackModel }) {
  const version = model.version.value;
  const first = model.missing.first(version);
  if (first === version) return null;
  return <span class="chip">{words().playback.merged(shownNumber(first), shownNumber(version))}</span>;
}

function Loading({ model }: { readonly model: PlaybackModel }) {
  if (model.isComplete.value || model.head.value === 0) return null;
  const percent = Math.floor((100 * model.loaded.value) / model.head.value);
  return <span class="playback-loading">{words().playback.loaded(percent)}</span>;
}

/** The slider. What it means to the eye is under it: how quickly was written, by whom, and where sittings begin. */
function Track({ model }: { readonly model: PlaybackModel }) {
  const { slider, version: versionWords } = words().playback;
  const head = model.head.value;
  const version = model.version.value;
  const share = head === 0 ? 0 : version / head;
  return (
    <div class="playback-track">
      <Density model={model} />
      <Merged model={model} />
      <div class="playback-ahead" style={{ insetInlineStart: `${share * 100}%` }} />
      <Ticks model={model} />
      <input
        type="range"
        class="playback-slider"
        aria-label={slider}
        aria-valuetext={versionWords(shownNumber(version))}
        min={0}
        max={head}
        step={1}
        value={version}
        onInput={({ currentTarget }) => {
          model.isPlaying.value = false;
          model.seek(Number(currentTarget.value));
          // Where no version is kept the thumb goes to the one that is shown.
          currentTarget.value = String(model.version.value);
        }}
      />
    </div>
  );
}

function Density({ model }: { readonly model: PlaybackModel }) {
  const [loaded, head] = [model.loaded.value, model.head.value];
  const bars = useMemo(() => densityOf(model.life, head, Math.max(1, Math.min(BARS, head))), [loaded, head]);
  return (
    <svg class="playback-density" viewBox={`0 0 ${bars.length} 1`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
      {bars.flatMap(({ height, parts }, index) => {
        let top = 1 - height;
        return parts.map(({ person, share }) => {
          const y = top;
          top += height * share;
          const color = safeColor(model.life.people[person]?.color);
          return <rect key={`${index}-${person}`} x={index + 0.08} y={y} width={0.84} height={height * share} fill={color} />;
        });
      })}
    </svg>
  );
}

/** A band where not every version is kept. */
function Merged({ model }: { readonly model: PlaybackModel }) {
  const [loaded, head] = [model.loaded.value, model.head.value];
  const { end } = model.missing;
  if (end === 0 || loaded === 0) return null;
  return <span class="playback-merged" style={{ width: `${(100 * end) / Math.max(head, 1)}%` }} aria-hidden="true" />;
}

function Ticks({ model }: { readonly model: PlaybackModel }) {
  const [loaded, head] = [model.loaded.value, model.head.value];
  const starts = useMemo(() => (model.sittings.length > MAX_TICKS ? [] : [...model.sittings].slice(1)), [loaded]);
  const first = model.life.timeOf(1);
  const last = model.life.timeOf(loaded);
  const place = (version: number) => ({ insetInlineStart: `${(100 * version) / Math.max(head, 1)}%` });
  return (
    <div class="playback-ticks" aria-hidden="true">
      {starts.map((version) => (
        <span key={version} class="playback-tick" style={place(version - 1)} />
      ))}
      {model.named.value.map((version) => (
        <span key={`n${version}`} class="playback-name" style={place(version)} />
      ))}
      {loaded > 0 && <span class="playback-edge">{longTime(first)}</span>}
      {loaded > 0 && model.isComplete.value && <span class="playback-edge playback-edge-end">{longTime(last)}</span>}
    </div>
  );
}

/** What is shown, said aloud now and then. */
function Said({ model }: { readonly model: PlaybackModel }) {
  const speech = useRef(new PlaybackSpeech());
  const [said, setSaid] = useState("");
  const version = model.version.value;
  const isPlaying = model.isPlaying.value;
  const state = stateWords(model, version);
  useEffect(() => {
    const say = (): void => setSaid(speech.current.next(state, performance.now(), isPlaying));
    const timer = window.setTimeout(say, speech.current.waitMs(performance.now(), isPlaying));
    return () => window.clearTimeout(timer);
  }, [isPlaying ? 0 : version, isPlaying]);
  return (
    <p class="visually-hidden" role="status">
      {said}
    </p>
  );
}

function stateWords(model: PlaybackModel, version: number): string {
  const { playing, beginning, version: versionWords } = words().playback;
  if (model.isPlaying.value) return playing(model.speed.value);
  const writer = model.life.people[model.life.personAt(version)];
  if (version === 0 || writer === undefined) return beginning;
  const name = lookOf(writer.actor, writer.color, 0).name;
  const at = model.life.timeOf(version);
  return `${versionWords(shownNumber(version))}, ${name}, ${longTime(at)}, ${clockTime(at, true)}`;
}
