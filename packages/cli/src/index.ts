export { readSpeed } from './speed.ts';
