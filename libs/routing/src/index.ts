export { chooseRoute, findVersion, type Route, type RouteQuery } from './router';
export { chooseVariant, type Weighted } from './split';
