import { h } from 'preact';
import type { Model } from '../shell/api-types.js';
import { createStore, useStore } from '../shell/store.js';
import type { Target } from './questions.js';

/** Who is asked: one model, and of it one or several; '' stands for the way the traffic goes. */
export const choice = createStore<{ readonly model: string; readonly versions: readonly string[] }>({
  model: '',
  versions: [''],
});

export function targetsOf({ model, versions }: { model: string; versions: readonly string[] }): Target[] {
  return versions.map((version) => ({ model, version: version === '' ? undefined : version }));
}

export function titleOf({ version }: Target): string {
  return version === undefined ? 'As the traffic goes' : `Version ${version}`;
}

export function TargetChoice({ models }: { models: readonly Model[] }) {
  const { model: name, versions: chosen } = useStore(choice);
  const model = models.find((each) => each.name === name);
  const toggle = (version: string): void => {
    const isChosen = chosen.includes(version);
    const next = isChosen ? chosen.filter((each) => each !== version) : [...chosen, version];
    // Somebody has to answer.
    if (next.length > 0) choice.set({ model: name, versions: next });
  };
  return (
    <section aria-labelledby="target-title">
      <h2 id="target-title">Who answers</h2>
      <label>
        Model
        <select value={name} onChange={(event) => choice.set({ model: event.currentTarget.value, versions: [''] })}>
          {models.map((each) => (
            <option key={each.name} value={each.name}>
              {each.name}
            </option>
          ))}
          {!model && name !== '' && <option value={name}>{`${name} (gone)`}</option>}
        </select>
      </label>
      <fieldset>
        <legend>Choose several to see them side by side</legend>
        <Choice
          title="As the traffic goes"
          detail={trafficOf(model)}
          isChosen={chosen.includes('')}
          onToggle={() => toggle('')}
        />
        {model?.versions.map(({ version, aliases, state, top1 }) => (
          <Choice
            key={version}
            title={`Version ${version}`}
            detail={[...aliases, top1 === undefined ? '' : `${(top1 * 100).toFixed(1)} %`].filter(Boolean).join(' · ')}
            state={state}
            isChosen={chosen.includes(String(version))}
            onToggle={() => toggle(String(version))}
          />
        ))}
        {chosen
          .filter((version) => version !== '' && !model?.versions.some((each) => String(each.version) === version))
          .map((version) => (
            <Choice
              key={version}
              title={`Version ${version}`}
              detail="gone"
              isChosen
              onToggle={() => toggle(version)}
            />
          ))}
      </fieldset>
    </section>
  );
}

interface ChoiceProps {
  title: string;
  detail: string;
  state?: string;
  isChosen: boolean;
  onToggle: () => void;
}

function Choice({ title, detail, state, isChosen, onToggle }: ChoiceProps) {
  return (
    <label class="choice">
      <input type="checkbox" checked={isChosen} onChange={onToggle} />
      <span>
        {title} {detail !== '' && <span class="muted small">{detail}</span>}
      </span>
      {state !== undefined && state !== 'READY' && <span class={`badge state-${state}`}>{state}</span>}
    </label>
  );
}

function trafficOf(model: Model | undefined): string {
  if (!model) return '';
  const { variants, default: usual } = model.policy;
  if (!variants || variants.length === 0) return `${usual}`;
  return variants.map(({ name, weight }) => `${name} ${weight} %`).join(', ');
}
