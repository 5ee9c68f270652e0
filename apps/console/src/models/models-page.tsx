import { Fragment, h } from 'preact';
import { useState } from 'preact/hooks';
import type { Model, Models, VersionSummary } from '../shell/api-types.js';
import { percent } from '../shell/format.js';
import { Outside, StateBadge, Waiting } from '../shell/parts.js';
import { usePoll } from '../shell/poll.js';
import { linkTo } from '../shell/router.js';
import { AddVersion } from './add-version.js';

const LOOK_MS = 4_000;
/** More rows than anybody reads would only make the page slow; the filter finds the others. */
const MOST_MODELS = 100;

export function ModelsPage() {
  const { data, error, refresh } = usePoll<Models>('v1/models', LOOK_MS);
  const [filter, setFilter] = useState('');
  const found = data?.models.filter(({ name }) => name.includes(filter.trim().toLowerCase())) ?? [];
  return (
    <div>
      <h1>Models</h1>
      {!data && <Waiting error={error} />}
      {data && (
        <div>
          {data.models.length > 8 && (
            <label class="filter">
              Find a model
              <input type="search" value={filter} onInput={(event) => setFilter(event.currentTarget.value)} />
            </label>
          )}
          <Table models={found.slice(0, MOST_MODELS)} />
          {data.models.length === 0 && <p class="note">No models yet. Add one below.</p>}
          {data.models.length > 0 && (
            <p class="small muted" role="status">
              {found.length > MOST_MODELS
                ? `The first ${MOST_MODELS} of ${found.length} models. Type a part of a name to find the others.`
                : `${found.length} of ${data.models.length} models.`}
            </p>
          )}
          <PassedOver problems={data.passed_over} />
        </div>
      )}
      <AddVersion onAdded={refresh} />
    </div>
  );
}

function Table({ models }: { models: readonly Model[] }) {
  if (models.length === 0) return null;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Models and versions">
      <table class="models">
        <thead>
          <tr>
            <th scope="col">Model</th>
            <th scope="col">Version</th>
            <th scope="col">State</th>
            <th scope="col">Aliases</th>
            <th scope="col">Share</th>
            <th scope="col" class="number">
              Top-1
            </th>
            <th scope="col">Description</th>
          </tr>
        </thead>
        {models.map((model) => (
          <tbody key={model.name}>
            {model.versions.map((version, i) => (
              <Row key={version.version} model={model} version={version} isFirst={i === 0} />
            ))}
            {model.versions.length === 0 && (
              <tr>
                <th scope="row">
                  <a href={linkTo('models', model.name)}>{model.name}</a>
                </th>
                <td colSpan={6} class="muted">
                  no versions
                </td>
              </tr>
            )}
          </tbody>
        ))}
      </table>
    </div>
  );
}

function Row({ model, version, isFirst }: { model: Model; version: VersionSummary; isFirst: boolean }) {
  const reasons = model.versions.filter(({ reason }) => reason).length;
  return (
    <>
      <tr>
        {isFirst && (
          <th scope="rowgroup" rowSpan={model.versions.length + reasons}>
            <a href={linkTo('models', model.name)}>{model.name}</a>
          </th>
        )}
        <td>{version.version}</td>
        <td>
          <StateBadge state={version.state} />
        </td>
        <td>{version.aliases.join(', ')}</td>
        <td class="share">{shareOf(model, version)}</td>
        <td class="number">{version.top1 === undefined ? '' : percent(version.top1)}</td>
        <td class="muted small">{version.description && <Outside lines={2}>{version.description}</Outside>}</td>
      </tr>
      {version.reason && (
        <tr>
          <td colSpan={6} class="reason-row">
            <p class="small reason">
              <Outside lines={4}>{version.reason}</Outside>
            </p>
          </td>
        </tr>
      )}
    </>
  );
}

/** What of the traffic that names no version it gets. */
export function shareOf({ policy }: Model, { version, aliases }: VersionSummary): string {
  const isIt = (ref: number | string): boolean => ref === version || aliases.includes(String(ref));
  if (!policy.variants?.length) return isIt(policy.default) ? '100 %' : '';
  const weights = policy.variants.filter((variant) => isIt(variant.version)).map(({ weight }) => weight);
  return weights.length === 0 ? '' : `${weights.reduce((sum, weight) => sum + weight, 0)} %`;
}

function PassedOver({ problems }: { problems: readonly string[] }) {
  if (problems.length === 0) return null;
  return (
    <details class="note">
      <summary>{problems.length} things in the registry are passed over</summary>
      <ul>
        {problems.slice(0, 100).map((problem) => (
          <li key={problem}>
            <Outside>{problem}</Outside>
          </li>
        ))}
      </ul>
    </details>
  );
}
