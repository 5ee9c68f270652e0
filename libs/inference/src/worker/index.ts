// The door for the part of a task that runs in a worker; nothing in the server's process may come in by it.
export { graphOf, ModelLoadError, openSession } from './session';
export { serveTasks } from './serve-tasks';
export type {
  LoadContext,
  LoadedRunner,
  PreparedBatch,
  RunProgress,
  RunResult,
  WorkerItem,
  WorkerTask,
} from './worker-task';
