// What the other packages use. Hand-written: an export is a promise.
export type * from './generated/types.ts';
export type { ApiCall, ApiReply, ConnectRequest, ContainerLog, KubeObject, LogFollow, PatchType, ResourceName, RestRequest, RestResponse, WatchEvent, WatchRequest } from './request.ts';
export { fieldPath, FieldPath } from './field-path.ts';
export type { FieldError, FieldErrorType } from './field-error.ts';
export {
  duplicate, fieldErrorBody, fieldErrorMessage, fieldErrorReason, forbidden, internalError, invalid, notFound, notSupported, quote, required,
  tooLong, tooMany, typeInvalid,
} from './field-error.ts';
export { isSame } from './is-same.ts';
export { deepFreeze, forEachNew, mapField, mapItems, memoizeFrozen, withDefaults, withField } from './edit.ts';
export type {
  AllocationContext, ApiProfile, KindContext, KindDefinition, NameRule, ScaleStrategy, StoreReader, SubresourceName, SubresourceStrategy,
  TableCell, TableColumn, TableRowCondition, ValidationContext,
} from './kind.ts';
export { apiVersionOf, defineKind, resourceName } from './kind.ts';
export type { Scheme } from './scheme.ts';
export { builtInScheme, createScheme } from './scheme.ts';
export type { SchemaNode } from './schema/schema.ts';
export { definitionOfKind, schemaDefinition, schemaDefinitions } from './schema/schema.ts';
export { applyMergePatch } from './patch/merge-patch.ts';
export { applyJsonPatch } from './patch/json-patch.ts';
export { applyStrategicMergePatch, type StrategicPatchOutcome } from './patch/strategic-merge-patch.ts';
export {
  alreadyExistsStatus, badRequestStatus, conflictStatus, expiredStatus, forbiddenStatus, internalErrorStatus, invalidStatus, methodNotAllowedStatus,
  methodNotSupportedStatus, noSuchResourceStatus, notAcceptableStatus, notFoundStatus, tooManyRequestsStatus, unsupportedMediaTypeStatus,
} from './status/status.ts';
export { humanDuration } from './table/human-duration.ts';
export { defaultPodTemplate } from './kinds/apps/template.ts';
export { defaultPodOwnSpec, defaultPodSpec } from './kinds/core/pod-spec/defaults.ts';
export { validatePodSpec, validatePodTemplate } from './kinds/core/pod-spec/validate.ts';
export { qosClass } from './kinds/core/qos-class.ts';
export type { Field, ListType, MapType, ScalarType, StructType, TypeNode } from './schema/types.ts';
export { structOfDefinition, structOfKind, structOfSchema } from './schema/types.ts';
export type { ConformFindings } from './schema/conform.ts';
export { conform, zeroObject } from './schema/conform.ts';
export { copyPodSpec } from './generated/plain-decoders.ts';
export { countFields } from './schema/plain.ts';
export { compareBytes, goJson } from './encoding/go-json.ts';
export { decodeProtobuf, isProtobuf } from './encoding/protobuf/decode.ts';
export { hasProtobuf } from './encoding/protobuf/layout.ts';
export { encodeProtobuf, encodeProtobufWatchEvent } from './encoding/protobuf/encode.ts';
export type { ParsedJson } from './encoding/parse-json.ts';
export { parseJson } from './encoding/parse-json.ts';
export { parseDocuments, type ParsedDocument } from './encoding/parse-documents.ts';
export { parseYaml } from './encoding/parse-yaml.ts';
export { formatMicroTime, formatTime, parseTime } from './encoding/time.ts';
export { nameErrors, validateAnnotations, validateObjectMeta, validateObjectMetaUpdate, type MetaRules } from './names/object-meta.ts';
export { matchesRequirements, parseLabelSelector, type ParsedSelector, type Requirement } from './selector/label-selector.ts';
export { meetsFieldTerms, parseFieldSelector, type FieldTerm, type ParsedFieldSelector } from './selector/field-selector.ts';
export { selectorMatches } from './names/labels.ts';
export { applyFields, managedFieldsOfUpdate, type ApplyOutcome, type FieldConflict, type FieldManager } from './apply/managed-fields.ts';
export { EMPTY_SET, setOfPaths, type FieldSet } from './apply/field-set.ts';
export { configurationError } from './apply/validate.ts';
export { customResourceKinds } from './custom-resource/kinds.ts';
export { isJsonPath, selectJsonPath } from './jsonpath/jsonpath.ts';
export type { ParsedQuantity, Quantity as ExactQuantity, QuantityFormat, QuantityLike, QuantityNumber } from './quantity/quantity.ts';
export {
  addQuantities, canonicalQuantityText, compareQuantities, formatQuantity, isWholeQuantity, parseQuantity, quantityMilliValue, quantityNanos, quantityOf, quantityValue, subtractQuantities, wholeQuantity,
} from './quantity/quantity.ts';
export { sha256 } from './encoding/sha256.ts';
export { patchedJson, structJson } from './encoding/struct-json.ts';
export { ageCell } from './table/cells.ts';
export { goShaped } from './encoding/go-shape.ts';
