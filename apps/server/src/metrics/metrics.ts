import { makeCounterProvider, makeGaugeProvider, makeHistogramProvider } from '@willsoto/nestjs-prometheus';

const MODEL = ['model', 'version'];
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

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
    help: 'Images that a version was asked for, by what became of them: success or an error code',
    labelNames: [...MODEL, 'variant', 'outcome'],
  }),
  makeHistogramProvider({
    name: 'prediction_duration_seconds',
    help: 'Time of one image by stage: queue, decode, inference, total',
    labelNames: [...MODEL, 'stage'],
    buckets: SECONDS,
  }),
  makeHistogramProvider({
    name: 'prediction_confidence',
    help: 'Confidence of the best class',
    labelNames: MODEL,
    buckets: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99],
  }),
  makeCounterProvider({
    name: 'prediction_class_total',
    help: 'How often a class was the best one',
    labelNames: [...MODEL, 'label'],
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
    name: 'inference_workers',
    help: 'Worker processes by state: ready, starting',
    labelNames: [...MODEL, 'state'],
  }),
  makeCounterProvider({
    name: 'inference_worker_restarts_total',
    help: 'Workers that were lost and replaced',
    labelNames: MODEL,
  }),
  makeGaugeProvider({
    name: 'model_state',
    help: '1 for the state that a version is in, 0 for the others',
    labelNames: [...MODEL, 'state'],
  }),
  makeGaugeProvider({
    name: 'model_load_seconds',
    help: 'How long the last load of a version took, checks and golden images included',
    labelNames: MODEL,
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
  makeGaugeProvider({
    name: 'build_info',
    help: 'Always 1; the labels say what runs',
    labelNames: ['version', 'commit', 'node'],
  }),
];
