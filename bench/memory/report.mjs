import Table from 'cli-table3';

/** Prints the figures as a table for a terminal. */
export function printMemory({ machine, options, results }) {
  const { cpu, cpus, node, onnxruntime, sharp, loadAverage } = machine;
  console.log(`${cpu}, ${cpus} CPUs, Node ${node}, ONNX Runtime ${onnxruntime}, sharp ${sharp}`);
  console.log(`load average before the start: ${loadAverage.toFixed(2)}`);
  const { model, images, connections, rounds } = options;
  console.log(`${model}, ${images} images over ${connections} connections, rounds: ${rounds}; memory in MB\n`);
  const table = new Table({
    head: [
      'allocator',
      'after 1,000',
      'at the end',
      'of it workers',
      'peak',
      '10 s later',
      'req/s',
      'CPU time',
      'errors',
    ],
    style: { head: [], border: [] },
  });
  table.push(
    ...results.map(({ name, requestsPerSecond, cpuMs, rssBytes, errors }) => [
      name,
      ...[rssBytes.early, rssBytes.late, rssBytes.workers, rssBytes.peak, rssBytes.rested].map(megabytes),
      requestsPerSecond.toFixed(1),
      `${cpuMs.toFixed(2)} ms`,
      errors,
    ]),
  );
  console.log(table.toString());
}

function megabytes(bytes) {
  return Math.round(bytes / 1e6);
}
