export { type Epoch } from './epoch.ts';
export { OrderedMap } from './ordered-map.ts';
export { Vector } from './vector.ts';
