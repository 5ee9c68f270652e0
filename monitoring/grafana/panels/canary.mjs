import { MODEL, VERSION, lines } from './panel.mjs';

const RATE = '$__rate_interval';
const limit = (name) => `max by (model) (canary_guard_limit{${MODEL},limit="${name}"})`;

export const canary = [
  'Canary and shadows',
  [
    lines({
      title: 'Share of the traffic',
      description: 'What the policy gives to each variant',
      unit: 'percentunit',
      max: 1,
      queries: [[`max by (model, variant) (variant_weight{${MODEL}})`, '{{model}} {{variant}}']],
    }),
    lines({
      title: 'Guard: requests in its window',
      description: 'It judges once the canary has as many as it wants to see',
      unit: 'short',
      queries: [
        [`max by (model, variant) (canary_guard_window_requests{${MODEL}})`, '{{model}} {{variant}}'],
        [`max by (model) (canary_guard_min_requests{${MODEL}})`, '{{model}} wanted'],
      ],
    }),
    lines({
      title: 'Guard: error rate',
      description: 'Share of failed requests in its window',
      unit: 'percentunit',
      queries: [
        [`max by (model, variant) (canary_guard_window_error_ratio{${MODEL}})`, '{{model}} {{variant}}'],
        [limit('error_ratio'), '{{model}} allowed'],
      ],
    }),
    lines({
      title: 'Guard: latency (p95)',
      description: 'The canary may be so many times slower than the others as the policy says',
      unit: 's',
      queries: [
        [`max by (model, variant) (canary_guard_window_latency_p95_seconds{${MODEL}})`, '{{model}} {{variant}}'],
      ],
    }),
    lines({
      title: 'Guard: disagreement',
      description: 'Share of images in which a shadow of the canary saw another class',
      unit: 'percentunit',
      queries: [
        [`max by (model, variant) (canary_guard_disagreement_ratio{${MODEL}})`, '{{model}} {{variant}}'],
        [limit('disagreement_ratio'), '{{model}} allowed'],
      ],
    }),
    lines({
      title: 'Events',
      description: 'Changes of policies, and what guards did, in the last hour',
      unit: 'short',
      queries: [[`sum by (model, type) (increase(traffic_events_total{${MODEL}}[1h]))`, '{{model}} {{type}}']],
    }),
    lines({
      title: 'Shadow agreement',
      description: 'Share of comparisons in which the best class was the same',
      unit: 'percentunit',
      max: 1,
      queries: [
        [
          `sum by (model, version) (rate(shadow_comparisons_total{${VERSION},agreed="true"}[${RATE}]))` +
            ` / sum by (model, version) (rate(shadow_comparisons_total{${VERSION}}[${RATE}]))`,
          '{{model}} {{version}}',
        ],
      ],
    }),
    lines({
      title: 'Shadow requests by outcome',
      description: 'A second. Shadows are dropped first when there is no room',
      unit: 'ops',
      stacked: true,
      queries: [
        [
          `sum by (model, version, outcome) (rate(shadow_requests_total{${VERSION}}[${RATE}]))`,
          '{{model}} {{version}} {{outcome}}',
        ],
      ],
    }),
    lines({
      title: 'Shadow, confidence against the answers',
      description: 'Mean difference since the start, the mean of all instances',
      unit: 'percentunit',
      min: null,
      queries: [[`avg by (model, version) (shadow_confidence_shift{${VERSION}})`, '{{model}} {{version}}']],
    }),
    lines({
      title: 'Shadow, time against the answers',
      description: 'Mean difference of decoding and inference since the start, the mean of all instances',
      unit: 's',
      min: null,
      queries: [[`avg by (model, version) (shadow_latency_difference_seconds{${VERSION}})`, '{{model}} {{version}}']],
    }),
  ],
];
