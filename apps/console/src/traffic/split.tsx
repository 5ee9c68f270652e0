import { h } from 'preact';
import type { Model, VersionRef } from '../shell/api-types.js';
import { milliseconds, percent, significant } from '../shell/format.js';
import { useMeasured } from './measured.js';

/** How the traffic is to be split, and how it was. */
export function Split({ model: { name, policy } }: { model: Model }) {
  const measured = useMeasured(name);
  const isSplit = (policy.variants?.length ?? 0) > 0;
  const variants = isSplit ? policy.variants! : [{ name: 'everybody', version: policy.default, weight: 100 }];
  const rows = variants.map((variant) => {
    const version = versionOf(variant.version, policy.aliases);
    const counted = measured?.variants.get(isSplit ? variant.name : '');
    return { ...variant, number: version, counted, latency: measured?.latencies.get(version) };
  });
  const all = rows.reduce((sum, { counted }) => sum + (counted?.requests ?? 0), 0);
  return (
    <section class="card" aria-labelledby="split-title">
      <h2 id="split-title">Split</h2>
      <Bars title="Asked for" shares={rows.map((row) => ({ name: row.name, share: row.weight / 100 }))} />
      <Bars
        title={all === 0 ? 'Measured: nothing yet' : `Measured on ${all} requests`}
        shares={rows.map((row) => ({ name: row.name, share: all === 0 ? 0 : (row.counted?.requests ?? 0) / all }))}
      />
      <div class="scroll" tabIndex={0} role="region" aria-label="Variants">
        <table>
          <thead>
            <tr>
              <th scope="col">Variant</th>
              <th scope="col" class="number">
                Asked
              </th>
              <th scope="col" class="number">
                Measured
              </th>
              <th scope="col" class="number">
                Per s
              </th>
              <th scope="col" class="number">
                Errors
              </th>
              <th scope="col" class="number">
                p50 / p95 / p99
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name: variant, version, number, weight, counted, latency }, i) => (
              <tr key={variant}>
                <th scope="row">
                  <span class={`dot arm-${i % 5}`} aria-hidden="true" /> {variant}{' '}
                  <span class="muted small">{version === number ? `version ${number}` : `${version} (${number})`}</span>
                </th>
                <td class="number">{weight} %</td>
                <td class="number">{all === 0 || !counted ? '–' : percent(counted.requests / all)}</td>
                <td class="number">{counted ? significant(counted.perSecond) : '–'}</td>
                <td class="number">{counted?.requests ? percent(counted.failed / counted.requests, 2) : '–'}</td>
                <td class="number">
                  {latency?.p50 === undefined
                    ? '–'
                    : [latency.p50, latency.p95, latency.p99].map((ms) => milliseconds(ms ?? 0)).join(' / ')}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="small muted">
        Counted since this page was opened. Times are of what the version computed, not of the cache.
      </p>
    </section>
  );
}

function Bars({ title, shares }: { title: string; shares: readonly { name: string; share: number }[] }) {
  const inWords = shares.map(({ name, share }) => `${name} ${percent(share)}`).join(', ');
  return (
    <div class="split-row">
      <p class="small muted">{title}</p>
      <div class="split-bar" role="img" aria-label={`${title}: ${inWords}`}>
        {shares.map(({ name, share }, i) => (
          <span key={name} class={`arm-${i % 5}`} style={{ width: `${share * 100}%` }} />
        ))}
      </div>
    </div>
  );
}

export function versionOf(ref: VersionRef, aliases: Readonly<Record<string, number>>): number {
  return typeof ref === 'number' ? ref : (aliases[ref] ?? Number(ref));
}
