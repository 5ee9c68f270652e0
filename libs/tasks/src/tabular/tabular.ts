import type { PreparedTask, Task } from '#core';
import {
  checkClassification,
  checkRegression,
  CLASSIFICATION_FIELDS,
  REGRESSION_FIELDS,
  type TabularClassificationFields,
  type TabularRegressionFields,
} from './manifest';
import type { TabularClassifierSpec, TabularRegressorSpec } from './spec';
import { TabularClassifier } from './tabular-classifier';
import { TabularRegressor } from './tabular-regressor';

/** Which of its classes a row of features belongs to. */
export const tabularClassification: Task = {
  name: 'tabular-classification',
  fields: CLASSIFICATION_FIELDS,
  privateFields: [],
  check: checkClassification,
  prepare(fields) {
    const { features, target, output, labels } = fields as unknown as TabularClassificationFields;
    const spec: TabularClassifierSpec = { kind: 'classification', features, output, labels };
    return Promise.resolve<PreparedTask>({ spec, serve: (graph) => new TabularClassifier(spec, graph, target) });
  },
};

/** The number that a row of features stands for. */
export const tabularRegression: Task = {
  name: 'tabular-regression',
  fields: REGRESSION_FIELDS,
  privateFields: [],
  check: checkRegression,
  prepare(fields) {
    const { features, target, output, unit } = fields as unknown as TabularRegressionFields;
    const spec: TabularRegressorSpec = { kind: 'regression', features, output };
    return Promise.resolve<PreparedTask>({ spec, serve: (graph) => new TabularRegressor(spec, graph, target, unit) });
  },
};
