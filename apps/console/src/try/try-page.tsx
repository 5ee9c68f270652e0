import { h, type ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Model, Models, Version } from '../shell/api-types.js';
import { usePoll } from '../shell/poll.js';
import { linkTo } from '../shell/router.js';
import { useStore } from '../shell/store.js';
import { Waiting } from '../shell/parts.js';
import { PhotoAnswers } from './photo-answers.js';
import { PhotoInputs } from './photo-inputs.js';
import type { Target } from './questions.js';
import { TableForm } from './table-form.js';
import { choice, TargetChoice, targetsOf } from './target-choice.js';
import { TensorForm } from './tensor-form.js';

const LOOK_MS = 5_000;

export function TryPage() {
  const { data, error } = usePoll<Models>('v1/models', LOOK_MS);
  const chosen = useStore(choice);
  const info = usePoll<Version>('v1/model/info', 60_000);
  const models = data?.models;
  useEffect(() => {
    // The one that answers requests that name none, as soon as it is known.
    if (models && chosen.model === '') choice.set({ model: info.data?.model ?? '', versions: [''] });
  }, [models, info.data, chosen.model]);
  if (!models)
    return (
      <Page>
        <Waiting error={error} />
      </Page>
    );
  if (models.length === 0)
    return (
      <Page>
        <NoModels />
      </Page>
    );
  const model = models.find(({ name }) => name === chosen.model);
  return (
    <Page>
      <div class="two-columns">
        <TargetChoice models={models} />
        <Answers model={model} targets={targetsOf(chosen)} />
      </div>
    </Page>
  );
}

function Page({ children }: { children: ComponentChildren }) {
  return (
    <div>
      <h1>Try</h1>
      {children}
    </div>
  );
}

function NoModels() {
  return (
    <div class="note">
      <p>
        No models yet. <a href={linkTo('models')}>Add one</a>, or put a folder into the registry.
      </p>
    </div>
  );
}

/** What is asked depends on the model's task, which the first of the versions says. */
function Answers({ model, targets }: { model: Model | undefined; targets: readonly Target[] }) {
  const version = targets.find((target) => target.version !== undefined)?.version ?? firstOf(model);
  const path =
    model && version !== undefined
      ? `v1/models/${encodeURIComponent(model.name)}/versions/${encodeURIComponent(version)}`
      : undefined;
  const { data } = usePoll<Version>(path, 60_000);
  const task = data?.manifest?.task;
  if (task === 'tensor') return <TensorForm version={data!} targets={targets} />;
  if (typeof task === 'string' && task.startsWith('tabular-'))
    return <TableForm key={data!.model} version={data!} targets={targets} />;
  return (
    <div>
      <PhotoInputs />
      <PhotoAnswers targets={targets} />
    </div>
  );
}

function firstOf(model: Model | undefined): string | undefined {
  if (!model) return undefined;
  const { variants, default: usual } = model.policy;
  return String(variants?.[0]?.version ?? usual);
}
