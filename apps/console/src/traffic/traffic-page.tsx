import { h } from 'preact';
import type { Model, Models } from '../shell/api-types.js';
import { Outside, Waiting } from '../shell/parts.js';
import { usePoll } from '../shell/poll.js';
import { linkTo } from '../shell/router.js';
import { CanaryControls } from './canary-controls.js';
import { Events, GuardPanel, History, Shadows } from './observations.js';
import { Split } from './split.js';

const LOOK_MS = 3_000;

export function TrafficPage({ name }: { name: string | undefined }) {
  const { data, error } = usePoll<Models>('v1/models', name === undefined ? LOOK_MS : 30_000);
  const model = name ?? data?.models.find(isMoving)?.name ?? data?.models.at(-1)?.name;
  return (
    <div>
      <h1>Traffic</h1>
      {!data && <Waiting error={error} />}
      {data?.models.length === 0 && <p class="note">No models yet.</p>}
      {data && data.models.length > 0 && (
        <label class="filter">
          Model
          <select
            value={model}
            onChange={(event) => {
              location.hash = linkTo('traffic', event.currentTarget.value);
            }}
          >
            {data.models.map((each) => (
              <option key={each.name} value={each.name}>
                {each.name}
              </option>
            ))}
            {name !== undefined && !data.models.some((each) => each.name === name) && (
              <option value={name}>{name}</option>
            )}
          </select>
        </label>
      )}
      {model !== undefined && <ModelTraffic key={model} name={model} />}
    </div>
  );
}

function isMoving({ policy }: Model): boolean {
  return (policy.variants?.length ?? 0) > 0 || (policy.shadows?.length ?? 0) > 0;
}

function ModelTraffic({ name }: { name: string }) {
  const path = `v1/models/${encodeURIComponent(name)}`;
  const { data: model, error, refresh } = usePoll<Model>(path, LOOK_MS);
  if (!model) return <Waiting error={error} />;
  return (
    <div>
      {error !== undefined && <Waiting error={error} />}
      <div class="traffic">
        <div>
          <Split model={model} />
          {model.policy.guard && <GuardPanel path={path} guard={model.policy.guard} />}
          <Shadows path={path} />
        </div>
        <div>
          <CanaryControls model={model} path={path} onChange={refresh} />
          <Events path={path} />
        </div>
      </div>
      <History path={path} revision={model.policy.revision} />
      <p class="small muted">
        Requests, guard, shadows and events are those of the server that answers this page; <Outside>{name}</Outside>{' '}
        may have other replicas.
      </p>
    </div>
  );
}
