export { BisimulationError, explore, type Coverage, type Exploration, type ExploreOptions, type Violation } from './explorer/explore.ts';
