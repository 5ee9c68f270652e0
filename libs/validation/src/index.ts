export { check, flatten, inOneLine, isDeeperThan, type FieldProblem } from './check';
