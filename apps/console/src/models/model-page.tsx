import { h } from 'preact';
import { useState } from 'preact/hooks';
import { change } from '../shell/api.js';
import type { Model, Version, VersionSummary } from '../shell/api-types.js';
import { bytes, milliseconds, percent } from '../shell/format.js';
import { confirmed } from '../shell/dialogs.js';
import { ErrorNote, Fact, Facts, Outside, StateBadge, Waiting } from '../shell/parts.js';
import { usePoll } from '../shell/poll.js';
import { linkTo } from '../shell/router.js';
import { choice } from '../try/target-choice.js';
import { AddVersion } from './add-version.js';
import { ModelCard } from './model-card.js';
import { shareOf } from './models-page.js';

const LOOK_MS = 3_000;

export function ModelPage({ name }: { name: string }) {
  const path = `v1/models/${encodeURIComponent(name)}`;
  const { data: model, error, refresh } = usePoll<Model>(path, LOOK_MS);
  return (
    <div>
      <p class="small">
        <a href={linkTo('models')}>Models</a> /
      </p>
      <h1 class="outside">{name}</h1>
      {(!model || error !== undefined) && <Waiting error={error} />}
      {model && (
        <div>
          <Aliases model={model} />
          {[...model.versions].reverse().map((version) => (
            <VersionPanel key={version.version} model={model} version={version} onChange={refresh} />
          ))}
          <AddVersion model={name} onAdded={refresh} />
        </div>
      )}
    </div>
  );
}

function Aliases({ model: { policy } }: { model: Model }) {
  const aliases = Object.entries(policy.aliases);
  return (
    <Facts>
      <Fact name="Answers when nothing else is asked for">{String(policy.default)}</Fact>
      <Fact name="Aliases">
        {aliases.length === 0 ? 'none' : aliases.map(([alias, version]) => `${alias} → version ${version}`).join(', ')}
      </Fact>
      <Fact name="Revision of the policy">{policy.revision}</Fact>
    </Facts>
  );
}

interface PanelProps {
  model: Model;
  version: VersionSummary;
  onChange: () => void;
}

function VersionPanel({ model, version, onChange }: PanelProps) {
  const path = `v1/models/${encodeURIComponent(model.name)}/versions/${version.version}`;
  const { data } = usePoll<Version>(path, 10_000);
  const share = shareOf(model, version);
  return (
    <article class="card" aria-label={`Version ${version.version}`}>
      <header class="title-row">
        <h2>Version {version.version}</h2>
        <StateBadge state={version.state} />
        <Actions model={model} version={version} onChange={onChange} />
      </header>
      {version.description && (
        <p>
          <Outside lines={3}>{version.description}</Outside>
        </p>
      )}
      {version.reason && (
        <div class={version.state === 'FAILED' ? 'note bad' : 'note'}>
          <span class="outside">{version.reason}</span>
        </div>
      )}
      <Facts>
        {version.aliases.length > 0 && <Fact name="Aliases">{version.aliases.join(', ')}</Fact>}
        <Fact name="Share of the traffic">{share === '' ? 'none' : share}</Fact>
        {version.top1 !== undefined && <Fact name="Top-1 accuracy">{percent(version.top1, 2)}</Fact>}
        <Size version={data} />
        {data?.runtime && <Fact name="Workers">{String(data.runtime.workers)}</Fact>}
        {data?.load_seconds !== undefined && <Fact name="Load">{milliseconds(data.load_seconds * 1000)}</Fact>}
      </Facts>
      {data && <ModelCard version={data} />}
    </article>
  );
}

function Size({ version }: { version: Version | undefined }) {
  const artifact = version?.manifest?.artifact as { bytes?: number } | undefined;
  return artifact?.bytes === undefined ? null : <Fact name="Size of the file">{bytes(artifact.bytes)}</Fact>;
}

function Actions({ model, version: { version, state, aliases }, onChange }: PanelProps) {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const isNamed = isNamedBy(model, version, aliases);
  const run = async (what: 'load' | 'unload'): Promise<void> => {
    const words =
      what === 'load'
        ? [
            `The workers of version ${version} of ${model.name} are started. Its share of the traffic stays what the policy says.`,
          ]
        : [
            `The workers of version ${version} of ${model.name} answer what they have and end. Whoever asks for this version then is told that it is not ready.`,
          ];
    const verb = what === 'load' ? 'Load it' : 'Unload it';
    if (!(await confirmed({ title: `${verb}?`, words, verb, isDanger: what === 'unload' }))) return;
    setBusy(true);
    setError(undefined);
    try {
      await change('POST', `v1/models/${encodeURIComponent(model.name)}/versions/${version}/${what}`);
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
    onChange();
  };
  const tryIt = (): void => choice.set({ model: model.name, versions: [String(version)] });
  return (
    <div class="actions">
      {state === 'READY' && (
        <a class="button" href={linkTo('try')} onClick={tryIt}>
          Try it
        </a>
      )}
      {(state === 'UNLOADED' || state === 'FAILED') && (
        <button type="button" disabled={isBusy} onClick={() => void run('load')}>
          {isBusy ? 'Loading …' : 'Load'}
        </button>
      )}
      {state === 'READY' && !isNamed && (
        <button type="button" disabled={isBusy} onClick={() => void run('unload')}>
          {isBusy ? 'Unloading …' : 'Unload'}
        </button>
      )}
      {error !== undefined && <ErrorNote error={error} />}
    </div>
  );
}

/** What the policy names stays loaded. */
function isNamedBy({ policy }: Model, version: number, aliases: readonly string[]): boolean {
  const refs = [
    policy.default,
    ...(policy.variants ?? []).map((variant) => variant.version),
    ...(policy.shadows ?? []).map((shadow) => shadow.version),
  ];
  return aliases.length > 0 || refs.some((ref) => ref === version);
}
