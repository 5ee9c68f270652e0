import { makeCounterProvider, makeGaugeProvider, makeHistogramProvider } from '@willsoto/nestjs-prometheus';

const MODEL = ['model', 'version'];
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Nobody knows the unit of a model: both signs, and three steps for each power of ten. */
const MAGNITUDES = [-2, -1, 0, 1, 2, 3, 4, 5].flatMap((power) => [1, 2, 5].map((step) => Number(`${step}e${power}`)));
const VALUES = [...MAGNITUDES.map((value) => -value).reverse(), 0, ...MAGNITUDES];

const VARIANT = ['model', 'variant'];

/** What the guard of a canary sees in its window, and what it allows. */
const GUARD_METRICS = [
  makeGaugeProvider({
    name: 'canary_guard_window_requests',
    help: 'Requests of a variant in the window of the guard',
    labelNames: VARIANT,
  }),
  makeGaugeProvider({
    name: 'canary_guard_window_error_ratio',
    help: 'Share of failed requests of a variant in the window of the guard, 0 to 1',
    labelNames: VARIANT,
  }),
  makeGaugeProvider({
    name: 'canary_guard_window_latency_p95_seconds',
    help: '95th percentile of the model runs of a variant in the window of the guard; none without answers',
    labelNames: VARIANT,
  }),
  makeGaugeProvider({
    name: 'canary_guard_disagreement_ratio',
    help: 'Share of comparisons with another best class, of a shadow of the canary; none without comparisons',
    labelNames: VARIANT,
  }),
  makeGaugeProvider({
    name: 'canary_guard_step_age_seconds',
    help: 'How long the canary has had its weight',
    labelNames: VARIANT,
  }),
  makeGaugeProvider({
    name: 'canary_guard_min_requests',
    help: 'Requests in the window that the guard wants to see before it judges the canary',
    labelNames: VARIANT,
  }),
  makeGaugeProvider({
    name: 'canary_guard_limit',
    help: 'Beyond this the guard takes the canary back, by limit: error_ratio, latency_p95_ratio, disagreement_ratio',
    labelNames: [...VARIANT, 'limit'],
  }),
];

/** What the server may run short of, and what it does about it. */
const OVERLOAD_METRICS = [
  makeGaugeProvider({
    name: 'overload_pressure_ratio',
    help: 'How much is used of event_loop, heap, memory, bodies, connections, file_descriptors; 1 is all',
    labelNames: ['resource'],
  }),
  makeGaugeProvider({
    name: 'overload_action',
    help: '1 while the server does it: close_idle_connections, refuse_costly, refuse_predictions',
    labelNames: ['action'],
  }),
  makeCounterProvider({
    name: 'requests_shed_total',
    help: 'Requests refused so that others could be answered, by reason: bodies, slow_body, concurrency, connections, overload',
    labelNames: ['reason'],
  }),
  makeGaugeProvider({
    name: 'http_requests_in_progress',
    help: 'Requests under way, without probes and what needs an admin key',
  }),
  makeGaugeProvider({ name: 'http_connections', help: 'Open connections' }),
  makeGaugeProvider({ name: 'http_connections_limit', help: 'Open connections that there may be' }),
  makeCounterProvider({
    name: 'http_connections_closed_total',
    help: 'Connections closed because there were too many: idle, or refused without an answer',
    labelNames: ['reason'],
  }),
  makeGaugeProvider({
    name: 'request_body_bytes',
    help: 'Bytes of all request bodies that are held, arrived or announced',
  }),
  makeGaugeProvider({ name: 'request_body_budget_bytes', help: 'What these may be together' }),
];

/** Every metric of the server but Node's own: name, meaning, labels. */
export const METRICS = [
  makeCounterProvider({
    name: 'http_requests_total',
    help: 'HTTP requests by route template',
    labelNames: ['method', 'route', 'status'],
  }),
  makeHistogramProvider({
    name: 'http_request_duration_seconds',
    help: 'From the first byte of a request to the last of its response',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
  }),
  makeCounterProvider({
    name: 'predictions_total',
    help: 'Images, rows or tensors that a version was asked about, by what became of them: success or an error code',
    labelNames: [...MODEL, 'variant', 'outcome'],
  }),
  makeHistogramProvider({
    name: 'prediction_duration_seconds',
    help: 'Time of one image, table or tensor that a version worked on, by stage: queue, decode, inference, total',
    labelNames: [...MODEL, 'stage'],
    buckets: SECONDS,
  }),
  makeHistogramProvider({
    name: 'prediction_confidence',
    help: 'Confidence of the best class',
    labelNames: MODEL,
    buckets: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99],
  }),
  makeHistogramProvider({
    name: 'prediction_value',
    help: 'What a regression answers, in the unit of the model',
    labelNames: MODEL,
    buckets: VALUES,
  }),
  makeCounterProvider({
    name: 'prediction_class_total',
    help: 'How often a class was the best one; of a multi-label model, how often it was named',
    // Two classes may have the same label.
    labelNames: [...MODEL, 'class_id', 'label'],
  }),
  makeCounterProvider({
    name: 'cache_requests_total',
    help: 'Images, rows or tensors by where their answer came from: memory, redis, shared (computed for another request) or computed',
    labelNames: [...MODEL, 'source'],
  }),
  makeGaugeProvider({ name: 'cache_bytes', help: 'What the cache of this process takes' }),
  makeGaugeProvider({ name: 'cache_entries', help: 'Answers in the cache of this process' }),
  makeGaugeProvider({ name: 'redis_up', help: '1 while Redis is used as a cache, 0 while it is away' }),
  makeCounterProvider({
    name: 'redis_failures_total',
    help: 'Times that Redis was of no use: connection, timeout, reply (an error), rubbish (no answer)',
    labelNames: ['failure'],
  }),
  makeHistogramProvider({
    name: 'inference_batch_size',
    help: 'Images per batch handed to a worker',
    labelNames: MODEL,
    buckets: [1, 2, 4, 8, 16, 32, 64],
  }),
  makeGaugeProvider({
    name: 'inference_queue_depth',
    help: 'Requests that wait for a worker',
    labelNames: MODEL,
  }),
  makeGaugeProvider({
    name: 'inference_queue_capacity',
    help: 'Requests that may wait for a worker; the next one is refused',
    labelNames: MODEL,
  }),
  makeGaugeProvider({
    name: 'inference_workers',
    help: 'Worker processes by state: ready, overdue (has a batch and gives no sign), starting',
    labelNames: [...MODEL, 'state'],
  }),
  makeCounterProvider({
    name: 'inference_worker_restarts_total',
    help: 'Workers that were lost and replaced',
    labelNames: MODEL,
  }),
  makeCounterProvider({
    name: 'inference_worker_cpu_seconds_total',
    help: 'CPU time of the workers of a version, user and system; only where there is /proc',
    labelNames: MODEL,
  }),
  makeGaugeProvider({
    name: 'inference_worker_resident_memory_bytes',
    help: 'Resident memory of the workers of a version; only where there is /proc',
    labelNames: MODEL,
  }),
  makeGaugeProvider({
    name: 'memory_limit_bytes',
    help: 'Memory that the server and its workers may use together: the limit of the cgroup, or all of the machine',
  }),
  makeGaugeProvider({
    name: 'model_state',
    help: '1 for the state that a version is in, 0 for the others; versions that are not loaded have none',
    labelNames: [...MODEL, 'state'],
  }),
  makeGaugeProvider({
    name: 'model_load_seconds',
    help: 'How long the last load of a version took, checks and golden images included',
    labelNames: MODEL,
  }),
  makeGaugeProvider({
    name: 'registry_problems',
    help: 'Models whose files or policy cannot be used at present, and folders and files that are passed over',
  }),
  makeHistogramProvider({
    name: 'registry_storage_duration_seconds',
    help: 'How long the storage of the registry took, by what it was asked',
    labelNames: ['call'],
    buckets: [0.001, 0.01, 0.1, 1, 10],
  }),
  makeCounterProvider({
    name: 'registry_storage_failures_total',
    help: 'Times that the storage of the registry was of no use: timeout, error',
    labelNames: ['failure'],
  }),
  makeCounterProvider({
    name: 'shadow_comparisons_total',
    help: 'Answers that were compared with a shadow, by whether its best class was the same',
    labelNames: [...MODEL, 'agreed'],
  }),
  makeCounterProvider({
    name: 'shadow_requests_total',
    help: 'Requests meant for a shadow, by outcome: agreed, disagreed, failed, dropped',
    labelNames: [...MODEL, 'outcome'],
  }),
  makeGaugeProvider({
    name: 'shadow_confidence_shift',
    help: 'Mean confidence of a shadow minus that of the answers it was compared with, since the start',
    labelNames: MODEL,
  }),
  makeGaugeProvider({
    name: 'shadow_latency_difference_seconds',
    help: 'Mean decode and inference time of a shadow minus that of the answers, since the start',
    labelNames: MODEL,
  }),
  makeCounterProvider({
    name: 'traffic_events_total',
    help: 'Changes of the traffic: policies, and what the guard did with the canary',
    labelNames: ['model', 'type'],
  }),
  makeGaugeProvider({
    name: 'variant_weight',
    help: 'Share of the traffic that the policy in effect gives to a variant, 0 to 1',
    labelNames: ['model', 'variant'],
  }),
  makeGaugeProvider({
    name: 'policy_revision',
    help: 'Revision of the policy in effect',
    labelNames: ['model'],
  }),
  ...GUARD_METRICS,
  makeCounterProvider({
    name: 'observer_failures_total',
    help: 'What logs, metrics and guards have thrown while they watched; what they watched went on',
    labelNames: ['observer'],
  }),
  makeCounterProvider({
    name: 'log_lines_lost_total',
    help: 'Lines of the log that found no room, since nobody read them or they could not be written',
  }),
  ...OVERLOAD_METRICS,
  makeGaugeProvider({
    name: 'build_info',
    help: 'Always 1; the labels say what runs',
    labelNames: ['version', 'commit', 'node'],
  }),
];
