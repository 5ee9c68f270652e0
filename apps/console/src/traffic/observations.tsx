import { h } from 'preact';
import { useState } from 'preact/hooks';
import type { Guard, Policy } from '../shell/api-types.js';
import { confidence, milliseconds, moment, percent, significant } from '../shell/format.js';
import { Fact, Facts, Outside, Waiting } from '../shell/parts.js';
import { usePoll } from '../shell/poll.js';
import { differences } from './policy-diff.js';
import type { GuardStatus, Opinion, PolicyRevision, Shadow, TrafficEvent, Window } from './traffic-types.js';

const LOOK_MS = 3_000;
/** More than anybody reads at once; what is older is a click away. */
const AT_ONCE = 20;

export function GuardPanel({ path, guard }: { path: string; guard: Guard }) {
  const { data, error } = usePoll<{ guard: GuardStatus | null }>(`${path}/guard`, LOOK_MS);
  const status = data?.guard;
  return (
    <section class="card" aria-labelledby="guard-title">
      <h2 id="guard-title">Guard</h2>
      <p>
        Takes {guard.variant} through {guard.steps.join(', ')} % in steps of {guard.step_s} s.
      </p>
      {!data && <Waiting error={error} />}
      {data && !status && <p class="muted">It has not looked yet.</p>}
      {status && (
        <div>
          <p>
            <strong>{WORDS[status.action]}</strong> <span class="outside">{status.reason}</span>
          </p>
          <Facts>
            <Fact name={status.variant}>{windowInWords(status.canary)}</Fact>
            <Fact name="The others">{windowInWords(status.others)}</Fact>
            <Fact name="At this step for">{significant(status.step_age_s)} s</Fact>
          </Facts>
        </div>
      )}
    </section>
  );
}

const WORDS = { hold: 'It waits:', promote: 'It moves on:', 'roll-back': 'It takes the canary back:' } as const;

function windowInWords({ requests, error_rate: errors, p95_ms: p95 }: Window): string {
  const latency = p95 === null ? '' : `, p95 ${milliseconds(p95)}`;
  return `${requests} requests, ${percent(errors, 2)} errors${latency}`;
}

export function Shadows({ path }: { path: string }) {
  const { data } = usePoll<{ shadows: readonly Shadow[] }>(`${path}/shadow`, LOOK_MS);
  if (!data || data.shadows.length === 0) return null;
  return (
    <section class="card" aria-labelledby="shadow-title">
      <h2 id="shadow-title">Shadows</h2>
      {data.shadows.map((shadow) => (
        <ShadowPanel key={shadow.version} shadow={shadow} />
      ))}
    </section>
  );
}

function ShadowPanel({ shadow }: { shadow: Shadow }) {
  const { version, compared, agreed, failed, dropped, confidence_shift: shift, latency_difference_ms: slower } = shadow;
  return (
    <div>
      <h3>Version {version}</h3>
      <Facts>
        <Fact name="Agrees">
          {compared === 0 ? 'nothing compared yet' : `${percent(agreed / compared)} of ${compared}`}
        </Fact>
        <Fact name="Confidence">{`${shift >= 0 ? '+' : ''}${shift.toFixed(3)}`}</Fact>
        <Fact name="Time">{`${slower >= 0 ? '+' : ''}${slower.toFixed(1)} ms`}</Fact>
        <Fact name="Failed, dropped">{`${failed}, ${dropped}`}</Fact>
      </Facts>
      {shadow.disagreements.length > 0 && (
        <details>
          <summary>The latest {shadow.disagreements.length} disagreements</summary>
          <ul class="log small">
            {shadow.disagreements.map(({ at, request_id: id, answered, shadow: other }) => (
              <li key={`${id} ${at}`}>
                <Said opinion={answered} /> / <Said opinion={other} />
                <br />
                <span class="muted">
                  {moment(at)}, request <code>{id}</code>
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

function Said({ opinion: { version, label, confidence: share, output, value } }: { opinion: Opinion }) {
  return (
    <span>
      version {version}: <Outside lines={1}>{label ?? `${output ?? ''} ${JSON.stringify(value) ?? ''}`}</Outside>{' '}
      {share !== undefined && confidence(share)}
    </span>
  );
}

export function Events({ path }: { path: string }) {
  const { data, error } = usePoll<{ events: readonly TrafficEvent[] }>(`${path}/events`, LOOK_MS);
  const [shown, setShown] = useState(AT_ONCE);
  const events = data?.events ?? [];
  return (
    <section class="card" aria-labelledby="events-title">
      <h2 id="events-title">Events</h2>
      {!data && <Waiting error={error} />}
      {data && events.length === 0 && <p class="muted">None since the server was started.</p>}
      <ul class="log small">
        {events.slice(0, shown).map(({ at, type, detail }, i) => (
          <li key={`${at} ${events.length - i}`}>
            <strong>{type.replaceAll('-', ' ')}</strong> <span class="muted">{moment(at)}</span>
            <br />
            <span class="outside">{detail}</span>
          </li>
        ))}
      </ul>
      {events.length > shown && (
        <button type="button" class="quiet" onClick={() => setShown(shown + 5 * AT_ONCE)}>
          Older ones
        </button>
      )}
    </section>
  );
}

export function History({ path, revision }: { path: string; revision: number }) {
  // Another revision is another question, so that a change is seen at once.
  const { data, error } = usePoll<{ revisions: readonly PolicyRevision[] }>(`${path}/policy/history`, 10_000);
  const [shown, setShown] = useState(AT_ONCE);
  const revisions = data?.revisions ?? [];
  return (
    <section class="card" aria-labelledby="history-title">
      <h2 id="history-title">History of the policy</h2>
      <p class="small muted">Revision {revision} is in effect.</p>
      {!data && <Waiting error={error} />}
      {data && revisions.length === 0 && <p class="muted">It has never been changed.</p>}
      {revisions.slice(0, shown).map((each, i) => (
        <Revision key={each.revision} revision={each} before={revisions[i + 1]?.policy} />
      ))}
      {revisions.length > shown && (
        <button type="button" class="quiet" onClick={() => setShown(shown + 5 * AT_ONCE)}>
          Older ones
        </button>
      )}
    </section>
  );
}

function Revision({
  revision: { revision, policy, restores, problem },
  before,
}: {
  revision: PolicyRevision;
  before: Policy | undefined;
}) {
  return (
    <details>
      <summary>
        Revision {revision}
        {restores !== undefined && <span class="muted"> brings back revision {restores}</span>}
        {problem !== undefined && <span class="bad-text"> cannot be read</span>}
      </summary>
      {problem !== undefined && <p class="outside">{problem}</p>}
      {policy && (
        <pre tabIndex={0} aria-label={`What revision ${revision} changed`}>
          {differences(before, policy).map(({ sign, line }, i) => (
            <span key={i} class={SIGNS[sign]}>{`${sign} ${line}\n`}</span>
          ))}
        </pre>
      )}
    </details>
  );
}

const SIGNS = { '+': 'added', '-': 'removed', ' ': undefined } as const;
