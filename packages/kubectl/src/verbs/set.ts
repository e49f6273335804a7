// kubectl set image, env, resources, serviceaccount, selector, subject.
import type { KubeObject } from '@kubesim/api';
import { parseFlags, type FlagKinds, type Parsed } from '../flags.ts';
import { KubectlError } from '../kubectl-error.ts';
import { qualified, type Session } from '../session.ts';
import { resolveObjects } from '../targets.ts';
import { forEachObject, OBJECTS, patchObject, say, sendsNothing } from '../writing.ts';
import { NO_RESOURCES } from './write.ts';

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: unknown;
}

interface Container {
  readonly name: string;
  readonly image?: string;
  readonly env?: readonly Variable[];
  readonly resources?: object;
}

interface PodSpec {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
}

type Target = ReturnType<typeof resolveObjects>[number];
type Setter = (session: Session, words: readonly string[]) => void;

/** `kubectl set …`. @internal */
export function set(session: Session, words: readonly string[]): void {
  const [what = '', ...rest] = words;
  const setter = Object.hasOwn(SETTERS, what) ? SETTERS[what] : undefined;
  if (setter === undefined) throw new KubectlError(`error: unknown command "${what}"\nSee 'kubectl set -h' for help and examples`);
  setter(session, rest);
}

function podSpecOf(object: KubeObject): { readonly spec: PodSpec; readonly wrap: (inner: object) => object } | undefined {
  const spec = object['spec'] as { readonly template?: { readonly spec?: PodSpec }; readonly jobTemplate?: { readonly spec?: { readonly template?: { readonly spec?: PodSpec } } } } & PodSpec | undefined;
  if (spec?.jobTemplate !== undefined) return { spec: spec.jobTemplate.spec?.template?.spec ?? {}, wrap: (inner) => ({ spec: { jobTemplate: { spec: { template: { spec: inner } } } } }) };
  if (spec?.template !== undefined) return { spec: spec.template.spec ?? {}, wrap: (inner) => ({ spec: { template: { spec: inner } } }) };
  return spec?.containers === undefined ? undefined : { spec, wrap: (inner) => ({ spec: inner }) };
}

/** Patches what a setter makes of the pod spec; says nothing where nothing changed, as kubectl does not. */
function setPodSpec(session: Session, parsed: Parsed, target: Target, options: { readonly done: string; readonly change: (spec: PodSpec) => object }): void {
  const found = podSpecOf(target.object);
  const label = `${target.mapping.resource}/${target.object.metadata.name ?? ''}`;
  if (found === undefined) throw new KubectlError(`error: ${label} does not have a pod template`);
  const inner = options.change(found.spec);
  if (Object.keys(inner).length === 0) return;
  const isDry = sendsNothing(session, parsed);
  const changed = isDry ? target.object : patchObject(session, parsed, target, { body: found.wrap(inner), type: 'strategic', manager: 'kubectl-set' });
  if (isDry || changed.metadata.resourceVersion !== target.object.metadata.resourceVersion || parsed.flags['dry-run'] === 'server' || parsed.flags['output'] !== undefined) say(session, parsed, target.mapping, changed, options.done);
}

function targetsOf(session: Session, parsed: Parsed, args: readonly string[]): readonly Target[] {
  if (args.length === 0 && parsed.lists['filename'] === undefined) throw new KubectlError(NO_RESOURCES);
  return resolveObjects(session, { ...parsed, args });
}

const split = (pair: string): readonly [string, string] => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];

function setImage(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, OBJECTS, 'set image');
  const pairs = parsed.args.filter((arg) => arg.includes('=')).map(split);
  const args = parsed.args.filter((arg) => !arg.includes('='));
  const targets = targetsOf(session, parsed, args);
  if (pairs.length === 0) throw new KubectlError('error: at least one image update is required');
  forEachObject(session, targets, (target) => setPodSpec(session, parsed, target, {
    done: 'image updated',
    change: (spec) => {
      const all = [...spec.containers ?? [], ...spec.initContainers ?? []];
      const unknown = pairs.find(([name]) => name !== '*' && !all.some((container) => container.name === name));
      if (unknown !== undefined) throw new KubectlError(`error: unable to find container named "${unknown[0]}"`);
      const inner: Record<string, unknown> = {};
      for (const list of ['containers', 'initContainers'] as const) {
        const changed = (spec[list] ?? []).flatMap(({ name, image: held }) => pairs.filter(([wanted, image]) => (wanted === name || wanted === '*') && image !== held).map(([, image]) => ({ name, image })));
        if (changed.length > 0) Object.assign(inner, { [list]: changed, [`$setElementOrder/${list}`]: (spec[list] ?? []).map(({ name }) => ({ name })) });
      }
      return inner;
    },
  }));
}

/** Whether a container's name matches a pattern in which `*` stands for anything. */
function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}

const ENV_FLAGS: FlagKinds = { ...OBJECTS, containers: 'value', env: 'list', from: 'value', keys: 'list', list: 'bool', overwrite: 'bool', prefix: 'value', resolve: 'bool' };

function setEnv(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, ENV_FLAGS, 'set env', { c: 'containers', e: 'env' });
  const isChange = (arg: string): boolean => arg.includes('=') || (arg.endsWith('-') && !arg.includes('/'));
  const changes = [...parsed.args.filter(isChange), ...parsed.lists['env'] ?? []];
  const args = parsed.args.filter((arg) => !isChange(arg));
  const from = parsed.flags['from'];
  const targets = targetsOf(session, parsed, args);
  const pattern = parsed.flags['containers'] ?? '*';
  const added: Variable[] = changes.filter((change) => change.includes('=')).map(split).map(([name, value]) => ({ name, value }));
  if (from !== undefined) added.push(...variablesFrom(session, from, parsed));
  const removed = changes.filter((change) => !change.includes('=')).map((change) => change.slice(0, -1));
  forEachObject(session, targets, (target) => {
    if (parsed.flags['list'] === 'true') return listEnv(session, target, pattern);
    setPodSpec(session, parsed, target, {
      done: 'env updated',
      change: (spec) => {
        const inner: Record<string, unknown> = {};
        for (const list of ['containers', 'initContainers'] as const) {
          const chosen = (spec[list] ?? []).filter(({ name }) => matches(pattern, name));
          const changed = chosen.map(({ name, env = [] }) => ({ name, env: [
            ...added.map((variable) => (variable.value === undefined ? { ...variable, value: null } : { ...variable, valueFrom: null })).map((variable) => (env.some((each) => each.name === variable.name) ? variable : dropNulls(variable))),
            ...removed.filter((each) => env.some((variable) => variable.name === each)).map((each) => ({ $patch: 'delete', name: each })),
          ] })).filter(({ env }) => env.length > 0);
          if (changed.length > 0) Object.assign(inner, { [list]: changed, [`$setElementOrder/${list}`]: (spec[list] ?? []).map(({ name }) => ({ name })) });
        }
        return inner;
      },
    });
  });
}

function dropNulls(variable: object): object {
  return Object.fromEntries(Object.entries(variable).filter(([, value]) => value !== null));
}

/** `--from=configmap/NAME` or `secret/NAME`: a variable a key, in capitals. */
function variablesFrom(session: Session, from: string, parsed: Parsed): readonly Variable[] {
  const [type = '', name = ''] = from.split('/');
  const mapping = session.resource(type);
  const source = session.ask('GET', session.path(mapping, name));
  const keys = (parsed.lists['keys'] ?? []).flatMap((each) => each.split(','));
  const field = mapping.kind === 'Secret' ? 'secretKeyRef' : 'configMapKeyRef';
  return Object.keys((source['data'] ?? {}) as object).sort().filter((key) => keys.length === 0 || keys.includes(key)).map((key) => ({
    name: `${parsed.flags['prefix'] ?? ''}${key.toUpperCase().replace(/[^A-Z0-9_]/g, '_')}`, valueFrom: { [field]: { key, name } },
  }));
}

function listEnv(session: Session, { mapping, object }: Target, pattern: string): void {
  const spec = podSpecOf(object)?.spec;
  for (const container of [...spec?.initContainers ?? [], ...spec?.containers ?? []].filter(({ name }) => matches(pattern, name))) {
    session.out(`# ${mapping.kind} ${object.metadata.name ?? ''}, container ${container.name}\n`);
    for (const { name, value = '', valueFrom } of container.env ?? []) session.out(valueFrom === undefined ? `${name}=${value}\n` : `# ${name} from ${describeSource(valueFrom)}\n`);
  }
}

function describeSource(source: unknown): string {
  const { configMapKeyRef, secretKeyRef, fieldRef, resourceFieldRef } = source as Readonly<Record<string, { readonly name?: string; readonly key?: string; readonly apiVersion?: string; readonly fieldPath?: string; readonly containerName?: string; readonly resource?: string } | undefined>>;
  if (configMapKeyRef !== undefined) return `configmap ${configMapKeyRef.name ?? ''}, key ${configMapKeyRef.key ?? ''}`;
  if (secretKeyRef !== undefined) return `secret ${secretKeyRef.name ?? ''}, key ${secretKeyRef.key ?? ''}`;
  if (fieldRef !== undefined) return `field path ${fieldRef.fieldPath ?? ''}`;
  return `resource field ${resourceFieldRef?.resource ?? ''}`;
}

function setResources(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { ...OBJECTS, containers: 'value', limits: 'value', requests: 'value' }, 'set resources', { c: 'containers' });
  const { limits, requests, containers: pattern = '*' } = parsed.flags;
  const targets = targetsOf(session, parsed, parsed.args);
  if (limits === undefined && requests === undefined) throw new KubectlError('error: you must specify an update to requests or limits (in the form of --requests/--limits)');
  const amounts = (text: string): object => Object.fromEntries(text.split(',').map(split));
  forEachObject(session, targets, (target) => setPodSpec(session, parsed, target, {
    done: 'resource requirements updated',
    change: (spec) => {
      const chosen = (spec.containers ?? []).filter(({ name }) => matches(pattern, name));
      if (chosen.length === 0) throw new KubectlError(`error: unable to find container named ${pattern}`);
      return { containers: chosen.map(({ name }) => ({ name, resources: { ...(limits === undefined ? {} : { limits: amounts(limits) }), ...(requests === undefined ? {} : { requests: amounts(requests) }) } })), '$setElementOrder/containers': (spec.containers ?? []).map(({ name }) => ({ name })) };
    },
  }));
}

function setServiceAccount(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, OBJECTS, 'set serviceaccount');
  if (parsed.args.length === 0) throw new KubectlError('error: serviceaccount is required');
  const account = parsed.args[parsed.args.length - 1] as string;
  forEachObject(session, targetsOf(session, parsed, parsed.args.slice(0, -1)), (target) => setPodSpec(session, parsed, target, { done: 'serviceaccount updated', change: () => ({ serviceAccountName: account }) }));
}

function setSelector(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { ...OBJECTS, 'resource-version': 'value' }, 'set selector');
  const text = parsed.args[parsed.args.length - 1] ?? '';
  const selector = Object.fromEntries(text.split(',').map(split));
  forEachObject(session, targetsOf(session, parsed, parsed.args.slice(0, -1)), (target) => {
    if (target.mapping.kind !== 'Service') throw new KubectlError(`error: setting a selector is only supported for Services`);
    const held = (target.object['spec']?.selector ?? {}) as Readonly<Record<string, string>>;
    const gone = Object.fromEntries(Object.keys(held).filter((key) => !Object.hasOwn(selector, key)).map((key) => [key, null]));
    const changed = sendsNothing(session, parsed) ? target.object : patchObject(session, parsed, target, { body: { spec: { selector: { ...gone, ...selector } } }, type: 'strategic', manager: 'kubectl-set' });
    say(session, parsed, target.mapping, changed, 'selector updated');
  });
}

function setSubject(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { ...OBJECTS, user: 'list', group: 'list', serviceaccount: 'list' }, 'set subject');
  const list = (flag: string): readonly string[] => (parsed.lists[flag] ?? []).flatMap((each) => each.split(','));
  const wanted = [
    ...list('user').map((name) => ({ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name })), ...list('group').map((name) => ({ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name })),
    ...list('serviceaccount').map((each) => ({ kind: 'ServiceAccount', name: each.split(':')[1] ?? '', namespace: each.split(':')[0] ?? '' })),
  ];
  if (wanted.length === 0) throw new KubectlError('error: you must specify at least one value of user, group or serviceaccount');
  forEachObject(session, targetsOf(session, parsed, parsed.args), (target) => {
    const held = (target.object['subjects'] ?? []) as readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[];
    const added = wanted.filter((each) => !held.some((one) => one.kind === each.kind && one.name === each.name && (one.namespace ?? '') === ('namespace' in each ? each.namespace : '')));
    const changed = sendsNothing(session, parsed) ? target.object : patchObject(session, parsed, target, { body: { subjects: [...held, ...added] }, type: 'merge', manager: 'kubectl-set' });
    session.out(added.length === 0 && parsed.flags['output'] === undefined ? `${qualified(target.mapping)}/${target.object.metadata.name ?? ''} was not changed\n` : '');
    if (added.length > 0) say(session, parsed, target.mapping, changed, 'subjects updated');
  });
}

const SETTERS: Readonly<Record<string, Setter>> = { image: setImage, env: setEnv, resources: setResources, serviceaccount: setServiceAccount, sa: setServiceAccount, selector: setSelector, subject: setSubject };
