export { check, flatten, inOneLine, isDeeperThan, type FieldProblem } from './check';
export { Whole } from './whole';
