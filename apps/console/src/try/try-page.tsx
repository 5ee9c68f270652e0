import { h, type ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Model, Models, Version } from '../shell/api-types.js';
import { usePoll } from '../shell/poll.js';
import { linkTo } from '../shell/router.js';
import { useStore } from '../shell/store.js';
import { Outside, Waiting } from '../shell/parts.js';
import { AnswerCard } from './answer-card.js';
import { PhotoInputs } from './photo-inputs.js';
import { PhotoTable, Preview } from './photo-table.js';
import { clear, photos as allPhotos } from './photos.js';
import { ask, forget, keyOf, outcomes as allOutcomes, type Target } from './questions.js';
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
  if (data?.manifest?.task === 'tensor') return <TensorForm version={data} targets={targets} />;
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

function PhotoAnswers({ targets }: { targets: readonly Target[] }) {
  const photos = useStore(allPhotos);
  const outcomes = useStore(allOutcomes);
  const [selected, select] = useState<number>();
  const asked = targets.map(({ model, version }) => `${model}/${version}`).join(' ');
  useEffect(() => {
    if (targets[0]?.model) ask(photos, targets);
  }, [photos, asked]);
  if (photos.length === 0) return null;
  const photo = photos.find(({ id }) => id === selected) ?? photos.at(-1)!;
  const reference = outcomes.get(keyOf(targets[0]!, photo));
  const best = reference?.state === 'answered' ? reference.answer.predictions?.[0] : undefined;
  const empty = (): void => {
    forget();
    clear();
  };
  return (
    <section aria-labelledby="answers-title" class="answers">
      <div class="title-row">
        <h2 id="answers-title">Answers</h2>
        <div class="actions">
          <button type="button" class="quiet" onClick={() => ask(photos, targets, true)}>
            Ask again
          </button>
          <button type="button" class="quiet" onClick={empty}>
            Clear
          </button>
        </div>
      </div>
      {photos.length > 1 && (
        <PhotoTable photos={photos} targets={targets} outcomes={outcomes} selected={photo.id} onSelect={select} />
      )}
      <div class={targets.length > 1 ? 'photo-and-answers several' : 'photo-and-answers'}>
        <figure>
          <Preview photo={photo} />
          <figcaption class="small muted">
            <Outside lines={2}>{photo.name}</Outside>
          </figcaption>
        </figure>
        <div class="cards" aria-live="polite">
          {targets.map((target, i) => (
            <AnswerCard
              key={`${target.model} ${target.version}`}
              target={target}
              photo={photo}
              outcome={outcomes.get(keyOf(target, photo))}
              reference={i === 0 ? undefined : best}
            />
          ))}
        </div>
      </div>
    </section>
  );
}
