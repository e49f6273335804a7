// core/v1 PodTemplate. Upstream: pkg/apis/core/validation/validation.go ValidatePodTemplate, pkg/registry/core/podtemplate/strategy.go (1.37).
import { withField } from '../../edit.ts';
import { fieldPath } from '../../field-path.ts';
import type { PodTemplate } from '../../generated/types.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import type { KubeObject } from '../../request.ts';
import { formatSelector, joinContainers } from '../../table/cells.ts';
import { defaultPodTemplate } from '../apps/template.ts';
import { validatePodTemplate } from './pod-spec/validate.ts';

type StoredPodTemplate = PodTemplate & KubeObject;

/** PodTemplate. @public */
export const podTemplateKind: KindDefinition = defineKind<StoredPodTemplate>({
  group: '', version: 'v1', kind: 'PodTemplate', resource: 'podtemplates', singular: 'podtemplate', namespaced: true, hasGeneration: true, deleteReturnsObject: true,
  generationChanged: (object, old) => object.template !== old.template && JSON.stringify(object.template) !== JSON.stringify(old.template),
  default: (object) => (object.template === undefined ? object : withField(object, 'template', defaultPodTemplate(object.template))),
  validateCreate: (object) => validatePodTemplate(object.template ?? {}, fieldPath('template')),
  columns: [{ name: 'Name', type: 'string', format: 'name' }, { name: 'Containers', type: 'string' }, { name: 'Images', type: 'string' }, { name: 'Pod Labels', type: 'string' }],
  cells: (object) => [object.metadata.name, ...joinContainers(object.template?.spec), formatSelector({ matchLabels: object.template?.metadata?.labels ?? {} }) || '<none>'],
});
