import { JOB, VERSION, lines } from './panel.mjs';

const RATE = '$__rate_interval';

export const capacity = [
  'Capacity',
  [
    lines({
      title: 'Queue',
      description: 'Images that wait for a worker, the fullest instance',
      unit: 'short',
      queries: [[`max by (model, version) (inference_queue_depth{${VERSION}})`, '{{model}} {{version}}']],
    }),
    lines({
      title: 'Queue, share of its capacity',
      description: 'At 100% the next image is refused with OVERLOADED',
      unit: 'percentunit',
      queries: [
        [
          `max by (model, version) (inference_queue_depth{${VERSION}} / inference_queue_capacity{${VERSION}})`,
          '{{model}} {{version}}',
        ],
      ],
    }),
    lines({
      title: 'Workers',
      description: 'Worker processes of all instances; starting: lost and not yet replaced',
      unit: 'short',
      queries: [[`sum by (model, version, state) (inference_workers{${VERSION}})`, '{{model}} {{version}} {{state}}']],
    }),
    lines({
      title: 'Workers lost',
      description: 'In the last 15 minutes',
      unit: 'short',
      queries: [
        [
          `sum by (model, version) (increase(inference_worker_restarts_total{${VERSION}}[15m]))`,
          '{{model}} {{version}}',
        ],
      ],
    }),
    lines({
      title: 'CPU',
      description: 'CPUs in use: the server, and the workers of each version (Linux only)',
      unit: 'short',
      stacked: true,
      queries: [
        [`sum(rate(process_cpu_seconds_total{${JOB}}[${RATE}]))`, 'server'],
        [
          `sum by (model, version) (rate(inference_worker_cpu_seconds_total{${VERSION}}[${RATE}]))`,
          '{{model}} {{version}}',
        ],
      ],
    }),
    lines({
      title: 'Memory',
      description: 'Resident memory: the server, and the workers of each version (Linux only)',
      unit: 'bytes',
      stacked: true,
      queries: [
        [`sum(process_resident_memory_bytes{${JOB}})`, 'server'],
        [`sum by (model, version) (inference_worker_resident_memory_bytes{${VERSION}})`, '{{model}} {{version}}'],
      ],
    }),
    lines({
      title: 'Memory, share of the limit',
      description: 'Server and workers together',
      unit: 'percentunit',
      queries: [[`instance:eyrie_memory:ratio{${JOB}}`, '{{instance}}']],
    }),
    lines({
      title: 'Event loop',
      description: 'How late the server comes to what it should do, 99th percentile',
      unit: 's',
      queries: [[`max by (instance) (nodejs_eventloop_lag_p99_seconds{${JOB}})`, '{{instance}}']],
    }),
    lines({
      title: 'Pressure',
      description:
        'How much is used of what the server may run short of, the instance that uses most; it does less near 100%',
      unit: 'percentunit',
      queries: [[`max by (resource) (overload_pressure_ratio{${JOB}})`, '{{resource}}']],
    }),
    lines({
      title: 'Refused for others',
      description: 'Requests a second that were refused so that others could be answered',
      unit: 'ops',
      stacked: true,
      queries: [[`sum by (reason) (rate(requests_shed_total{${JOB}}[${RATE}]))`, '{{reason}}']],
    }),
    lines({
      title: 'Log, lines lost',
      description: 'Lines of the log a second that found no room, since nobody read them or they could not be written',
      unit: 'ops',
      queries: [[`sum by (instance) (rate(log_lines_lost_total{${JOB}}[${RATE}]))`, '{{instance}}']],
    }),
    lines({
      title: 'Cache',
      description: 'Where answers came from, a second: memory, redis, shared (computed for another request), computed',
      unit: 'ops',
      stacked: true,
      queries: [[`sum by (source) (rate(cache_requests_total{${VERSION}}[${RATE}]))`, '{{source}}']],
    }),
    lines({
      title: 'Cache, size',
      description: 'What the answers kept in memory take, on the instance that keeps most',
      unit: 'bytes',
      queries: [[`max(cache_bytes{${JOB}})`, 'bytes']],
    }),
    lines({
      title: 'Registry problems',
      description: 'Models whose files or policy cannot be used at present',
      unit: 'short',
      queries: [[`max by (instance) (registry_problems{${JOB}})`, '{{instance}}']],
    }),
  ],
];
