import { h } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Outside } from '../shell/parts.js';
import { useStore } from '../shell/store.js';
import { AnswerCard } from './answer-card.js';
import { PhotoTable, Preview } from './photo-table.js';
import { clear, photos as allPhotos } from './photos.js';
import { ask, forget, keyOf, outcomes as allOutcomes, type Target } from './questions.js';
import { questionAbout } from './snippets.js';

/** What those who were asked say of the photos that are here. */
export function PhotoAnswers({ targets }: { targets: readonly Target[] }) {
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
              question={questionAbout(target, photo)}
              about={photo.name}
              outcome={outcomes.get(keyOf(target, photo))}
              reference={i === 0 ? undefined : best}
            />
          ))}
        </div>
      </div>
    </section>
  );
}
