import { h } from 'preact';
import { confidence } from '../shell/format.js';
import { Outside } from '../shell/parts.js';
import type { Photo } from './photos.js';
import { keyOf, type Outcome, type Target } from './questions.js';
import { titleOf } from './target-choice.js';

interface Props {
  photos: readonly Photo[];
  targets: readonly Target[];
  outcomes: ReadonlyMap<string, Outcome>;
  selected: number;
  onSelect: (id: number) => void;
}

/** Many photos: what each of those who were asked says of each. */
export function PhotoTable({ photos, targets, outcomes, selected, onSelect }: Props) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="All photos">
      <table class="photos">
        <thead>
          <tr>
            <th scope="col">Photo</th>
            {targets.map((target) => (
              <th key={target.version} scope="col">
                {titleOf(target)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {photos.map((photo) => {
            const cells = targets.map((target) => outcomes.get(keyOf(target, photo)));
            return (
              <tr key={photo.id} class={photo.id === selected ? 'selected' : undefined}>
                <th scope="row">
                  <button
                    type="button"
                    class="thumbnail named"
                    aria-pressed={photo.id === selected}
                    onClick={() => onSelect(photo.id)}
                  >
                    <Preview photo={photo} size={40} />
                    <Outside lines={1}>{photo.name}</Outside>
                  </button>
                </th>
                {cells.map((outcome, i) => (
                  <Cell key={targets[i]!.version} outcome={outcome} isOther={isOther(outcome, cells[0])} />
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Cell({ outcome, isOther }: { outcome: Outcome | undefined; isOther: boolean }) {
  if (outcome === undefined || outcome.state === 'waiting') return <td class="muted">…</td>;
  if (outcome.state === 'failed') {
    return (
      <td class="bad-text">
        <span title={outcome.error.message}>{outcome.error.problem?.title ?? outcome.error.message}</span>
      </td>
    );
  }
  const best = outcome.answer.predictions?.[0];
  if (!best) return <td class="muted">no class</td>;
  return (
    <td class={isOther ? 'other' : undefined}>
      <span class="best">
        <Outside lines={1}>{best.label}</Outside>
        <span class="number muted">{confidence(best.confidence)}</span>
        {isOther && <span class="tag">differs</span>}
      </span>
    </td>
  );
}

function isOther(outcome: Outcome | undefined, first: Outcome | undefined): boolean {
  if (outcome?.state !== 'answered' || first?.state !== 'answered') return false;
  return outcome.answer.predictions?.[0]?.class_id !== first.answer.predictions?.[0]?.class_id;
}

export function Preview({ photo, size }: { photo: Photo; size?: number }) {
  if (photo.preview === undefined) {
    return (
      <span class="no-preview" style={size === undefined ? undefined : { width: `${size}px`, height: `${size}px` }}>
        URL
      </span>
    );
  }
  const hide = (event: Event): void => {
    // What the browser cannot show, the server may still have something to say about.
    (event.currentTarget as HTMLElement).classList.add('broken');
  };
  return (
    <img src={photo.preview} alt={size === undefined ? photo.name : ''} width={size} height={size} onError={hide} />
  );
}
