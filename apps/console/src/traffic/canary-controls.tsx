import { h } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError, change } from '../shell/api.js';
import type { Model, Policy } from '../shell/api-types.js';
import { confirmed } from '../shell/dialogs.js';
import { ErrorNote } from '../shell/parts.js';

interface Props {
  model: Model;
  path: string;
  onChange: () => void;
}

interface Step {
  readonly title: string;
  readonly words: readonly string[];
  readonly verb: string;
  readonly isDanger?: boolean;
  /** Below the model's policy. */
  readonly route: string;
  readonly body?: object;
}

/** A canary from its start to everybody, or back. Each change builds on the revision that is on the screen. */
export function CanaryControls({ model, path, onChange }: Props) {
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const { policy } = model;
  const canary = policy.variants?.find(({ name }) => name === 'canary') ?? policy.variants?.at(-1);
  const run = async ({ route, body, ...asked }: Step): Promise<void> => {
    setError(undefined);
    if (!(await confirmed(asked))) return;
    setBusy(true);
    try {
      await change<Policy>('POST', `${path}/policy/${route}`, body, { 'If-Match': `"${policy.revision}"` });
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
    onChange();
  };
  const isStale = error instanceof ApiError && error.problem.code === 'PRECONDITION_FAILED';
  return (
    <section class="card" aria-labelledby="canary-title">
      <h2 id="canary-title">{canary ? 'Canary' : 'Start a canary'}</h2>
      {canary ? (
        <Running model={model} canary={canary} isBusy={isBusy} onStep={(step) => void run(step)} />
      ) : (
        <Start model={model} isBusy={isBusy} onStep={(step) => void run(step)} />
      )}
      <hr />
      <button type="button" disabled={isBusy || policy.revision === 0} onClick={() => void run(rollback(model))}>
        Roll back the policy
      </button>
      <div aria-live="polite">
        {isStale && (
          <div class="note bad" role="alert">
            <p>
              <strong>Somebody else has changed the policy meanwhile.</strong> Nothing of yours was done. What is shown
              now is theirs, and the history below says what changed; look again, and do it once more if it still fits.
            </p>
          </div>
        )}
        {error !== undefined && !isStale && <ErrorNote error={error} />}
      </div>
    </section>
  );
}

interface PartProps {
  model: Model;
  isBusy: boolean;
  onStep: (step: Step) => void;
}

function Start({ model, isBusy, onStep }: PartProps) {
  const { name, policy, versions } = model;
  const usual = typeof policy.default === 'number' ? policy.default : policy.aliases[policy.default];
  const others = versions.filter(({ version }) => version !== usual);
  const [chosen, setChosen] = useState<number>();
  const [weight, setWeight] = useState('10');
  const [isGuarded, setGuarded] = useState(true);
  const version = chosen ?? others.at(-1)?.version;
  if (version === undefined) return <p class="muted">There is no other version to try.</p>;
  const send = (event: Event): void => {
    event.preventDefault();
    onStep({
      title: `Start a canary of ${name}?`,
      words: [
        `Version ${version} gets ${weight} % of the requests that name no version; version ${usual} gets the other ${100 - Number(weight)} %.`,
        isGuarded
          ? 'The guard takes it further by the usual steps while it is healthy, and back to 0 % at once when it is not.'
          : 'Nobody moves it but people.',
      ],
      verb: 'Start it',
      route: 'canary/start',
      body: { version, weight: Number(weight), ...(isGuarded && { guard: {} }) },
    });
  };
  return (
    <form onSubmit={send} class="stack">
      <label>
        Version
        <select value={version} onChange={(event) => setChosen(Number(event.currentTarget.value))}>
          {others.map((each) => (
            <option key={each.version} value={each.version}>
              {[each.version, ...each.aliases, each.state === 'READY' ? '' : each.state].filter(Boolean).join(' · ')}
            </option>
          ))}
        </select>
      </label>
      <Weight value={weight} onInput={setWeight} />
      <label class="choice">
        <input type="checkbox" checked={isGuarded} onChange={(event) => setGuarded(event.currentTarget.checked)} />
        <span>Let the guard move it on, or back</span>
      </label>
      <div class="actions start">
        <button class="primary" disabled={isBusy}>
          Start
        </button>
      </div>
    </form>
  );
}

function Running({
  model,
  canary,
  isBusy,
  onStep,
}: PartProps & { canary: { name: string; version: string | number; weight: number } }) {
  const [weight, setWeight] = useState(String(canary.weight));
  const move = (event: Event): void => {
    event.preventDefault();
    onStep({
      title: `Give the canary ${weight} %?`,
      words: [`The share of version ${canary.version} of ${model.name} goes from ${canary.weight} % to ${weight} %.`],
      verb: 'Move it',
      route: 'canary/weight',
      body: { weight: Number(weight) },
    });
  };
  return (
    <div class="stack">
      <p>
        Version {canary.version} has {canary.weight} % of the traffic.
      </p>
      <form onSubmit={move} class="inline">
        <Weight value={weight} onInput={setWeight} />
        <button disabled={isBusy}>Move it</button>
      </form>
      <div class="actions start">
        <button type="button" class="primary" disabled={isBusy} onClick={() => onStep(promotion(model, canary))}>
          Promote
        </button>
        <button type="button" class="danger" disabled={isBusy} onClick={() => onStep(abortion(model, canary))}>
          Abort
        </button>
      </div>
    </div>
  );
}

function Weight({ value, onInput }: { value: string; onInput: (value: string) => void }) {
  return (
    <label class="grow">
      Share, %
      <input
        type="number"
        min="0"
        max="100"
        step="any"
        required
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </label>
  );
}

function promotion({ name, policy }: Model, { version }: { version: string | number }): Step {
  return {
    title: `Promote version ${version}?`,
    words: [
      `Version ${version} answers all requests of ${name} that name no version, and the split ends.`,
      typeof policy.default === 'string'
        ? `The alias ${policy.default} names it from then on.`
        : 'It is the default from then on.',
    ],
    verb: 'Promote it',
    route: 'canary/promote',
  };
}

function abortion({ name, policy }: Model, { version }: { version: string | number }): Step {
  return {
    title: `Abort the canary?`,
    words: [
      `Version ${version} gets no more of the traffic of ${name}: ${policy.default} answers all of it, and the split ends. A shadow of version ${version} ends, too.`,
    ],
    verb: 'Abort it',
    isDanger: true,
    route: 'canary/abort',
  };
}

function rollback({ name, policy }: Model): Step {
  return {
    title: `Roll back the policy of ${name}?`,
    words: [
      `The latest policy before revision ${policy.revision} that has no guard comes back, as a new revision. The history below shows what it says.`,
    ],
    verb: 'Roll back',
    isDanger: true,
    route: 'rollback',
  };
}
