// core/v1 and events.k8s.io/v1 Event: one store, two forms.
// Upstream: pkg/apis/core/validation/events.go, pkg/apis/events/v1/conversion.go, pkg/registry/core/event/strategy.go (1.37).
import { invalid, required, type FieldError } from '../../field-error.ts';
import { fieldPath } from '../../field-path.ts';
import type { CoreV1Event } from '../../generated/types.ts';
