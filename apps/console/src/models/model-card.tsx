import { h, type ComponentChildren } from 'preact';
import type { Version } from '../shell/api-types.js';
import { milliseconds } from '../shell/format.js';
import { Outside } from '../shell/parts.js';

const MOST_LABELS = 200;
/** By the panel that the card is in. */
const SAID_ABOVE = ['name', 'version', 'schema', 'description', 'labels'];

/** All that is known of a version, as its manifest has it. */
export function ModelCard({ version }: { version: Version }) {
  const { manifest = {}, labels, runtime, session_ms: session, warm_up_ms: warmUp } = version;
  const rest = Object.fromEntries(Object.entries(manifest).filter(([field]) => !SAID_ABOVE.includes(field)));
  return (
    <details>
      <summary>Model card</summary>
      <dl class="tree">
        <Entries value={rest} />
        {runtime && <Entry name="runtime" value={runtime} />}
        {session !== undefined && <Entry name="reading the graph" value={milliseconds(session)} />}
        {warmUp !== undefined && <Entry name="warm-up" value={milliseconds(warmUp)} />}
      </dl>
      {labels && <Labels labels={labels} />}
    </details>
  );
}

function Entries({ value }: { value: object }): ComponentChildren {
  return Object.entries(value).map(([name, each]) => <Entry key={name} name={name} value={each as unknown} />);
}

function Entry({ name, value }: { name: string; value: unknown }) {
  const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value);
  return (
    <div class={isGroup ? 'group' : undefined}>
      <dt>{name.replaceAll('_', ' ')}</dt>
      <dd>
        {isGroup ? (
          <dl class="tree">
            <Entries value={value} />
          </dl>
        ) : (
          <Outside>{typeof value === 'string' ? value : JSON.stringify(value)}</Outside>
        )}
      </dd>
    </div>
  );
}

function Labels({ labels }: { labels: readonly string[] }) {
  return (
    <details>
      <summary>{labels.length} labels</summary>
      <ol start={0} class="labels small">
        {labels.slice(0, MOST_LABELS).map((label, i) => (
          <li key={i}>
            <Outside lines={1}>{label}</Outside>
          </li>
        ))}
      </ol>
      {labels.length > MOST_LABELS && <p class="small muted">The first {MOST_LABELS}.</p>}
    </details>
  );
}
