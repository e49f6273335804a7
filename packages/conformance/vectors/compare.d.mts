// What TypeScript needs to know of compare.mjs, which stays as it came.
export function readVectors(file: string): unknown[];
export function canonical(value: unknown, top?: boolean): unknown;
export function differences(expected: unknown, actual: unknown, path?: string, out?: string[], limit?: number): string[];
export function compareDecision(vector: unknown, actual: unknown): string[];
export function compareSync(vector: unknown, actual: unknown): string[];
export function compareResponses(vector: unknown, actual: unknown, names?: { ns?: string; id?: string }, options?: { managedFields?: boolean }): string[];
export function compareDiscovery(recorded: unknown, answer: (path: string, accept: string) => unknown): string[];
export function compareScheduling(vector: unknown, actual: unknown): string[];
export function podHistory(events: readonly unknown[], ns?: string): { pods: Record<string, { t: number; state: string }[]>; events: string[] };
export function compareKubelet(vector: unknown, actual: unknown, slack?: number, brief?: number): string[];
export function factsOf(events: readonly unknown[]): unknown;
export function generatedPods(events: readonly unknown[]): unknown;
export function stateOf(objects: readonly unknown[]): unknown;
export function compareText(expected: unknown, actual: string, ns?: string): unknown;
export function compareStep(step: unknown, actual: { exit: number; stdout: string; stderr: string }, ns?: string): { lines: number; differences: string[] };
export function compareScenario(vector: unknown, actual: unknown, options?: { restOnly?: boolean }): string[];
