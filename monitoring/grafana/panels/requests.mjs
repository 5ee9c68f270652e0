import { JOB, PREDICT, lines, number } from './panel.mjs';

const RATE = '$__rate_interval';
const errors = `(sum(rate(http_requests_total{${PREDICT},status=~"5.."}[${RATE}])) or vector(0))`;
const SINGLE = `${JOB},route=~".*/predict",status="200"`;
const quantile = (q) =>
  `histogram_quantile(${q}, sum by (le) (rate(http_request_duration_seconds_bucket{${SINGLE}}[${RATE}])))`;

export const requests = [
  'Requests',
  [
    number({
      title: 'Instances up',
      description: 'Servers that Prometheus can scrape',
      unit: 'short',
      steps: [
        [null, 'red'],
        [1, 'green'],
      ],
      queries: [[`sum(up{${JOB}})`, 'up']],
    }),
    number({
      title: 'Versions FAILED',
      description: 'Versions that could not be loaded, on any instance',
      unit: 'short',
      steps: [
        [null, 'green'],
        [1, 'red'],
      ],
      queries: [[`sum(model_state{${JOB},state="FAILED"}) or vector(0)`, 'failed']],
    }),
    number({
      title: 'Predictions',
      description: 'Requests for predictions a second',
      unit: 'reqps',
      queries: [[`sum(rate(http_requests_total{${PREDICT}}[${RATE}]))`, 'requests']],
    }),
    number({
      title: 'Errors',
      description: 'Share of the requests for predictions that got a 5xx; the objective is 0.1%',
      unit: 'percentunit',
      steps: [
        [null, 'green'],
        [0.001, 'orange'],
        [0.0144, 'red'],
      ],
      queries: [[`${errors} / sum(rate(http_requests_total{${PREDICT}}[${RATE}]))`, 'errors']],
    }),
    number({
      title: 'Within 250 ms',
      description: 'Share of the answered requests with one image; the objective is 99%',
      unit: 'percentunit',
      steps: [
        [null, 'red'],
        [0.856, 'orange'],
        [0.99, 'green'],
      ],
      queries: [
        [
          `sum(rate(http_request_duration_seconds_bucket{${SINGLE},le="0.25"}[${RATE}]))` +
            ` / sum(rate(http_request_duration_seconds_count{${SINGLE}}[${RATE}]))`,
          'fast',
        ],
      ],
    }),
    number({
      title: 'Error budget left',
      description: 'Of the 0.1% that may fail, over the last three days',
      unit: 'percentunit',
      steps: [
        [null, 'red'],
        [0, 'orange'],
        [0.5, 'green'],
      ],
      queries: [[`1 - max(job:eyrie_request_errors:ratio_rate3d{${JOB}}) / 0.001`, 'left']],
    }),
    lines({
      title: 'Traffic by route',
      description: 'Requests a second, by template of the route; probes and scrapes included',
      unit: 'reqps',
      stacked: true,
      queries: [[`sum by (route) (rate(http_requests_total{${JOB}}[${RATE}]))`, '{{route}}']],
    }),
    lines({
      title: 'Answers by status',
      description: 'Requests for predictions a second. 499: the client left',
      unit: 'reqps',
      stacked: true,
      queries: [[`sum by (status) (rate(http_requests_total{${PREDICT}}[${RATE}]))`, '{{status}}']],
    }),
    lines({
      title: 'Latency',
      description: 'Answered requests with one image, from their first byte to the last of the answer',
      unit: 's',
      queries: [
        [quantile(0.5), 'p50'],
        [quantile(0.95), 'p95'],
        [quantile(0.99), 'p99'],
      ],
    }),
    lines({
      title: 'Error budget burn',
      description:
        '1: the budget of 30 days lasts 30 days; alerts begin at 14.4 over an hour, 6 over six, 3 over a day',
      unit: 'short',
      width: 12,
      queries: [
        [`max by (job) (job:eyrie_request_errors:ratio_rate5m{${JOB}}) / 0.001`, '{{job}} 5 m'],
        [`max by (job) (job:eyrie_request_errors:ratio_rate1h{${JOB}}) / 0.001`, '{{job}} 1 h'],
        [`max by (job) (job:eyrie_request_errors:ratio_rate6h{${JOB}}) / 0.001`, '{{job}} 6 h'],
        [`max by (job) (job:eyrie_request_errors:ratio_rate1d{${JOB}}) / 0.001`, '{{job}} 1 d'],
      ],
    }),
    lines({
      title: 'Latency budget burn',
      description: 'The same for answers that take longer than 250 ms, of which 1% may',
      unit: 'short',
      width: 12,
      queries: [
        [`max by (job) (job:eyrie_slow_requests:ratio_rate5m{${JOB}}) / 0.01`, '{{job}} 5 m'],
        [`max by (job) (job:eyrie_slow_requests:ratio_rate1h{${JOB}}) / 0.01`, '{{job}} 1 h'],
        [`max by (job) (job:eyrie_slow_requests:ratio_rate6h{${JOB}}) / 0.01`, '{{job}} 6 h'],
        [`max by (job) (job:eyrie_slow_requests:ratio_rate1d{${JOB}}) / 0.01`, '{{job}} 1 d'],
      ],
    }),
  ],
];
