export { type Answer, AnswerCache, type CacheQuestion, type CacheSource } from './answer-cache';
export { AnswerCacheModule, type AnswerCacheOptions, type CacheObserver } from './answer-cache.module';
export type { Shared, Waiter } from './flights';
