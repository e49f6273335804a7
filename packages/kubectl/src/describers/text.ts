// Lines of a description: names and values that tabs set apart, and how instants, ages and amounts are written.
import { addQuantities, compareQuantities, formatQuantity, humanDuration, quantityOf, type ExactQuantity } from '@kubesim/api';

/** Objects of several kinds are read field by field, as they came from the server. @internal */
export type Loose = any; // eslint-disable-line @typescript-eslint/no-explicit-any

/** `Name:` and a value. @internal */
export const line = (name: string, value: unknown): string => `${name}:\t${String(value)}\n`;

/** The pairs of a map in order of keys; the annotation of apply is left out. @internal */
export const pairs = (map: Readonly<Record<string, string>> | undefined, mark: string): readonly string[] => Object.entries(map ?? {}).filter(([key]) => key !== 'kubectl.kubernetes.io/last-applied-configuration').sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key}${mark}${value}`);

/** Values under one another; `<none>` without any. @internal */
export const many = (name: string, values: readonly string[]): string => (values.length === 0 ? line(name, '<none>') : values.map((value, index) => `${index === 0 ? `${name}:` : ''}\t${value}\n`).join(''));

/** Annotations: long ones stand on a line of their own. @internal */
export function annotations(map: Readonly<Record<string, string>> | undefined, indent = ''): string {
  const shown = Object.entries(map ?? {}).filter(([key]) => key !== 'kubectl.kubernetes.io/last-applied-configuration').sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => {
    const text = value.replace(/\n$/, '');
    return text.length > ANNOTATION_MAX - key.length - 2 || text.includes('\n') ? `${key}:\n${text.split('\n').map((each) => `\t  ${each.length > ANNOTATION_MAX ? `${each.slice(0, ANNOTATION_MAX)}...` : each}`).join('\n')}` : `${key}: ${text}`;
  });
  return `${indent}${many('Annotations', shown)}`;
}

const ANNOTATION_MAX = 140;

/** `Name`, `Namespace`, `Labels` and `Annotations` of an object. @internal */
export function head({ metadata }: Loose, options: { readonly isNamespaced?: boolean; readonly created?: boolean } = {}): string {
  return line('Name', metadata.name) + (options.isNamespaced === false ? '' : line('Namespace', metadata.namespace)) + many('Labels', pairs(metadata.labels, '=')) + annotations(metadata.annotations);
}

/** A label selector in one line. @internal */
export function selector(value: { readonly matchLabels?: Readonly<Record<string, string>>; readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[] } | undefined): string {
  const expressions = (value?.matchExpressions ?? []).map(({ key, operator, values = [] }) => (operator === 'Exists' ? key : operator === 'DoesNotExist' ? `!${key}` : `${key} ${operator === 'In' ? 'in' : 'notin'} (${[...values].sort().join(',')})`));
  return [...pairs(value?.matchLabels, '='), ...expressions].join(',') || '<none>';
}

/** An instant as Go's RFC1123Z prints it; `<unset>` without one. @internal */
export function instant(text: string | undefined | null): string {
  return text === undefined || text === null ? 'Mon, 01 Jan 0001 00:00:00 +0000' : new Date(text).toUTCString().replace('GMT', '+0000');
}

/** A duration in ms as kubectl writes ages: what lies ahead is no time at all. @internal */
export function age(ms: number): string {
  return humanDuration(Math.max(0, ms));
}

/** Nothing of a resource. @internal */
export const NO_AMOUNT: ExactQuantity = quantityOf(undefined);

/** The sum of amounts of one resource. @internal */
export function sum(amounts: readonly (string | undefined)[]): ExactQuantity {
  return amounts.reduce<ExactQuantity>((total, amount) => (amount === undefined ? total : compareQuantities(total, NO_AMOUNT) === 0 ? quantityOf(amount) : addQuantities(total, quantityOf(amount))), NO_AMOUNT);
}

/** `100m (10%)`. @internal */
export function share(amount: ExactQuantity, of: string | undefined): string {
  const whole = quantityOf(of);
  const digits = (value: ExactQuantity): number => Number(value.unscaled) * 10 ** value.exponent;
  return `${formatQuantity(amount)} (${digits(whole) === 0 ? 0 : Math.trunc((digits(amount) / digits(whole)) * 100)}%)`;
}

/** The owner that controls an object, as a line. @internal */
export function controlledBy({ metadata }: Loose): string {
  const owner = (metadata.ownerReferences ?? []).find((each: Loose) => each.controller === true);
  return owner === undefined ? '' : line('Controlled By', `${owner.kind}/${owner.name}`);
}

/** Objects that an object controls. @internal */
export function controlledItems(list: Loose, { metadata }: Loose): readonly Loose[] {
  return ((list.items ?? []) as readonly Loose[]).filter((each) => each.metadata.ownerReferences?.some((owner: Loose) => owner.controller === true && owner.uid === metadata.uid));
}
