import { h } from 'preact';
import { moment } from '../shell/format.js';
import { Fact, Facts, Waiting } from '../shell/parts.js';
import { usePoll } from '../shell/poll.js';
import { TimeChart, type Line } from './time-chart.js';

/* What docs/API.md says of GET /v1/stats. */
interface Sample {
  readonly at: string;
  readonly requests_per_s: number;
  readonly errors_per_s: number;
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
  readonly p99_ms: number | null;
  readonly batch_size: number | null;
  readonly queue: number;
  readonly workers: number;
  readonly server_bytes: number;
  readonly workers_bytes: number;
}

interface Stats {
  readonly replica: string;
  readonly started_at: string;
  readonly interval_s: number;
  readonly samples: readonly Sample[];
}

type Numbers = { [F in keyof Sample]: Sample[F] extends number | null ? F : never }[keyof Sample];

const LOOK_MS = 5_000;
const MEGABYTE = 1_000_000;

export function HealthPage() {
  const { data, error } = usePoll<Stats>('v1/stats', LOOK_MS);
  return (
    <div>
      <h1>Health</h1>
      {(!data || error !== undefined) && <Waiting error={error} />}
      {data && <Overview stats={data} />}
    </div>
  );
}

function Overview({ stats: { replica, started_at: started, samples } }: { stats: Stats }) {
  const times = samples.map(({ at }) => Date.parse(at) / 1000);
  const line = (name: string, color: string, field: Numbers, scale = 1): Line => ({
    name,
    color,
    values: samples.map((sample) => {
      const value = sample[field];
      return value === null ? null : value / scale;
    }),
  });
  return (
    <div>
      <Facts>
        <Fact name="Replica">{replica}</Fact>
        <Fact name="Runs since">{moment(started)}</Fact>
      </Facts>
      <p class="small muted">
        The last hour of this server alone. Where there are several replicas, each has its own, and another one may
        answer the next time.
      </p>
      {samples.length === 0 && <p class="note">Nothing yet: a sample is taken every ten seconds.</p>}
      {samples.length > 0 && (
        <div class="charts">
          <TimeChart
            title="Requests a second"
            times={times}
            lines={[line('requests', '--inference', 'requests_per_s'), line('errors', '--bad', 'errors_per_s')]}
          />
          <TimeChart
            title="Time of a prediction"
            unit=" ms"
            times={times}
            lines={[
              line('p50', '--server', 'p50_ms'),
              line('p95', '--inference', 'p95_ms'),
              line('p99', '--queue', 'p99_ms'),
            ]}
          />
          <TimeChart title="Batch size" times={times} lines={[line('mean', '--decode', 'batch_size')]} />
          <TimeChart title="Queue" times={times} lines={[line('waiting', '--queue', 'queue')]} />
          <TimeChart title="Workers" times={times} lines={[line('ready', '--server', 'workers')]} />
          <TimeChart
            title="Memory"
            unit=" MB"
            times={times}
            lines={[
              line('server', '--inference', 'server_bytes', MEGABYTE),
              line('workers', '--decode', 'workers_bytes', MEGABYTE),
            ]}
          />
        </div>
      )}
    </div>
  );
}
