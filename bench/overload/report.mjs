import Table from 'cli-table3';

/** Milliseconds. */
const REFUSAL_TARGET = 50;
const PROBE_TARGET = 100;
const GOODPUT_TARGET = 0.9;

export function printOverload({ machine, options, image, before, overload, after }) {
  const { cpu, cpus, node, onnxruntime, autocannon, loadAverage } = machine;
  console.log(`${cpu}, ${cpus} CPUs, Node ${node}, ONNX Runtime ${onnxruntime}, autocannon ${autocannon}`);
  console.log(`load average before the start: ${loadAverage.toFixed(2)}`);
  console.log(`${options.model}, ${image}; ${options.seconds} s of ${options.factor} times the peak\n`);

  table(
    ['', 'before', 'after', 'after ÷ before'],
    [
      row('peak, answers/s', before.peak, after.peak),
      row('one connection, p50 ms', before.singleP50, after.singleP50),
      row('memory, MB', megabytes(before.rssBytes), megabytes(after.rssBytes)),
      ['errors', before.errors, after.errors, ''],
      ['workers replaced so far', before.workerRestarts, after.workerRestarts, ''],
      ['/health/ready', before.ready, after.ready, ''],
    ],
  );
  const { acceptedMs, refusedMs, retryAfter } = overload;
  table(
    ['under overload', 'per second', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms'],
    [
      ['sent', fixed(overload.sentPerSecond), '', '', '', ''],
      ['answered', fixed(overload.goodput), ...spread(acceptedMs)],
      ['refused (503)', fixed(overload.refusedPerSecond), ...spread(refusedMs)],
    ],
  );
  table(
    ['asked meanwhile', 'times', 'failed', 'p50 ms', 'p99 ms', 'max ms'],
    overload.probes.map(({ path, asked, failed, p50, p99, max }) => [path, asked, failed, ...[p50, p99, max].map(fixed)]), // prettier-ignore
  );
  const worstProbe = Math.max(...overload.probes.map(({ max }) => max));
  table(
    ['', 'measured', 'wanted'],
    [
      ['sent ÷ peak', fixed(overload.sentPerSecond / before.peak), String(options.factor)],
      ['answered ÷ peak', fixed(overload.goodput / before.peak), `at least ${GOODPUT_TARGET}`],
      ['answered, p99 ÷ REQUEST_TIMEOUT_MS', fixed(acceptedMs.p99 / options.timeoutMs), 'at most 1'],
      ['refused, p99 ms', fixed(refusedMs.p99), `under ${REFUSAL_TARGET}`],
      ['/health and /metrics, slowest ms', fixed(worstProbe), `at most ${PROBE_TARGET}`],
      ['other answers, broken connections', `${overload.otherAnswers}, ${overload.broken}`, '0, 0'],
      ['refused without Retry-After', String(retryAfter.missing), '0'],
      ['peak after ÷ before', fixed(after.peak / before.peak), 'about 1'],
    ],
  );
  const outcomes = Object.entries(overload.outcomes).map(([outcome, count]) => `${outcome} ${count}`);
  console.log(`the server counted: ${outcomes.join(', ')}`);
  console.log(
    `Retry-After: ${retryAfter.least} to ${retryAfter.most} s; queue empty after ${fixed(after.recoveredMs)} ms`,
  );
  console.log(
    `CPUs: server ${fixed(overload.serverCpus)}, load generator ${fixed(overload.loadGeneratorCpus)} ` +
      `(${overload.connections} connections); server's memory at the most ${fixed(megabytes(overload.serverRssBytes))} MB`,
  );
}

function table(head, rows) {
  const made = new Table({ head, style: { head: [], border: [] } });
  made.push(...rows);
  console.log(`${made.toString()}\n`);
}

function row(title, before, after) {
  return [title, fixed(before), fixed(after), fixed(after / before)];
}

function spread({ p50, p95, p99, max }) {
  return [p50, p95, p99, max].map(fixed);
}

function megabytes(bytes) {
  return bytes === null ? null : bytes / 1e6;
}

function fixed(value) {
  if (value === null || !Number.isFinite(value)) return '-';
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
