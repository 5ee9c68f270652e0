// What all panels have in common.
import * as common from '@grafana/grafana-foundation-sdk/common';
import { ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

export const datasource = { type: 'prometheus', uid: '${datasource}' };

/** Label matchers of the metrics that have them. */
export const JOB = 'job=~"$job"';
export const MODEL = `${JOB},model=~"$model"`;
export const VERSION = `${MODEL},version=~"$version"`;
/** Requests that ask for predictions. */
export const PREDICT = `${JOB},route=~".*/predict(/batch)?"`;

/** @param queries [expression, legend] each */
function fill(panel, { title, description, unit, queries, min = 0, max, width = 8, height = 8 }) {
  panel.title(title).description(description).datasource(datasource).unit(unit).span(width).height(height);
  if (min !== null) panel.min(min);
  if (max !== undefined) panel.max(max);
  queries.forEach(([expr, legend], i) =>
    panel.withTarget(
      new DataqueryBuilder()
        .refId(String.fromCharCode(65 + i))
        .datasource(datasource)
        .expr(expr)
        .legendFormat(legend)
        .range(),
    ),
  );
  return panel;
}

/**
 * Lines over time.
 * @param options.stacked whether the lines add up to something
 * @param options.min lowest value of the axis; null where it may be below zero
 */
export function lines(options) {
  const panel = new TimeseriesBuilder()
    .lineWidth(1)
    .fillOpacity(options.stacked ? 40 : 8)
    .showPoints(common.VisibilityMode.Never)
    .legend(
      new common.VizLegendOptionsBuilder()
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending),
    );
  if (options.stacked) panel.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group('A'));
  return fill(panel, options);
}

/** One number, coloured by thresholds: `steps` are [from, colour], the first of them from nothing. */
export function number({ steps = [[null, 'green']], ...options }) {
  const thresholds = new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps(steps.map(([value, color]) => ({ value, color })));
  const panel = new StatBuilder()
    .colorMode(common.BigValueColorMode.Value)
    .graphMode(common.BigValueGraphMode.Area)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
    .thresholds(thresholds);
  return fill(panel, { width: 4, height: 4, min: null, ...options });
}
