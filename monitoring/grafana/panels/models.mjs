import { MODEL, VERSION, lines } from './panel.mjs';

const RATE = '$__rate_interval';
const perSecond = (metric, by, more = '') => `sum by (${by}) (rate(${metric}{${VERSION}${more}}[${RATE}]))`;
const stage = (name) =>
  `histogram_quantile(0.95, ${perSecond('prediction_duration_seconds_bucket', 'le', `,stage="${name}"`)})`;

export const models = [
  'Models',
  [
    lines({
      title: 'Predictions by version and variant',
      description: 'Images answered a second. No variant: the version was asked for, or there is no split',
      unit: 'ops',
      stacked: true,
      queries: [
        [
          perSecond('predictions_total', 'model, version, variant', ',outcome="success"'),
          '{{model}} {{version}} {{variant}}',
        ],
      ],
    }),
    lines({
      title: 'Failures by version and code',
      description: 'Images that got no answer a second, by error code',
      unit: 'ops',
      stacked: true,
      queries: [
        [
          perSecond('predictions_total', 'model, version, outcome', ',outcome!="success"'),
          '{{model}} {{version}} {{outcome}}',
        ],
      ],
    }),
    lines({
      title: 'Versions by state',
      description: 'Instances that have the version in this state; versions that are not loaded are not shown',
      unit: 'short',
      queries: [[`sum by (model, version, state) (model_state{${VERSION}}) > 0`, '{{model}} {{version}} {{state}}']],
    }),
    lines({
      title: 'Where the time goes (p95)',
      description: '95th percentile of each stage of one image',
      unit: 's',
      queries: ['queue', 'decode', 'inference', 'total'].map((name) => [stage(name), name]),
    }),
    lines({
      title: 'Time of a prediction by version (p95)',
      description: 'From admission to the answer',
      unit: 's',
      queries: [
        [
          `histogram_quantile(0.95, ${perSecond('prediction_duration_seconds_bucket', 'le, model, version', ',stage="total"')})`,
          '{{model}} {{version}}',
        ],
      ],
    }),
    lines({
      title: 'Batch size',
      description: 'Mean of the images that share one run',
      unit: 'short',
      queries: [
        [
          `${perSecond('inference_batch_size_sum', 'model, version')} / ${perSecond('inference_batch_size_count', 'model, version')}`,
          '{{model}} {{version}}',
        ],
      ],
    }),
    lines({
      title: 'Classes',
      description:
        'Share of each of the 20 classes that are seen most often; a shift means other images, or another model',
      unit: 'percentunit',
      stacked: true,
      max: 1,
      queries: [
        [
          `topk(20, sum by (class_id, label) (rate(prediction_class_total{${VERSION}}[${RATE}])))` +
            ` / scalar(sum(rate(prediction_class_total{${VERSION}}[${RATE}])))`,
          '{{label}} ({{class_id}})',
        ],
      ],
    }),
    lines({
      title: 'Confidence',
      description: 'Confidence of the best class: mean, and the tenth of the images below it',
      unit: 'percentunit',
      max: 1,
      queries: [
        [
          `${perSecond('prediction_confidence_sum', 'model, version')} / ${perSecond('prediction_confidence_count', 'model, version')}`,
          '{{model}} {{version}} mean',
        ],
        [
          `histogram_quantile(0.1, ${perSecond('prediction_confidence_bucket', 'le, model, version')})`,
          '{{model}} {{version}} p10',
        ],
      ],
    }),
    lines({
      title: 'Loading',
      description: 'How long the last load of a version took, the slowest instance',
      unit: 's',
      queries: [[`max by (model, version) (model_load_seconds{${VERSION}})`, '{{model}} {{version}}']],
    }),
    lines({
      title: 'Policy',
      description: 'Revision of the policy in effect; instances that differ for long cannot load what it names',
      unit: 'short',
      queries: [
        [`min by (model) (policy_revision{${MODEL}})`, '{{model}} lowest'],
        [`max by (model) (policy_revision{${MODEL}})`, '{{model}} highest'],
      ],
    }),
  ],
];
