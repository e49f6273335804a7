// A pod template as Go's spew prints the struct, which is what upstream hashes.
// Upstream: ForHash in k8s.io/utils/dump (spew's %#v with sorted keys, without methods, pointer addresses and capacities).
import { formatQuantity, quantityOf, type PodTemplateSpec } from '@kubesim/api';
import { POD_TEMPLATE_STRUCTS } from '../generated/pod-template-structs.ts';

interface Field {
  readonly name: string;
  readonly type: string;
  readonly json: string;
  /** What an absent value prints, where it is no struct. */
  readonly zero: string;
}

type Fields = Readonly<Record<string, unknown>>;

const structs = new Map<string, readonly Field[]>();

function fieldsOf(struct: string): readonly Field[] | undefined {
  let fields = structs.get(struct);
  if (fields === undefined && Object.hasOwn(POD_TEMPLATE_STRUCTS, struct)) {
    fields = (POD_TEMPLATE_STRUCTS[struct] as string).split(';').map((text) => {
      const [name = '', type = '', json = '', zero] = text.split(' ');
      return { name, type, json: json === '' ? name[0]?.toLowerCase() + name.slice(1) : json, zero: zero ?? (/^(\*|\[\]|map|v1\.ResourceList)/.test(type) ? '<nil>' : '') };
    });
    structs.set(struct, fields);
  }
  return fields;
}

/** The text of a template, all fields of all structs in Go's order. @internal */
export function dumpPodTemplate(template: PodTemplateSpec): string {
  return `(v1.PodTemplateSpec)${dumpStruct('v1.PodTemplateSpec', template as unknown as Fields)}`;
}

function dumpStruct(struct: string, value: Fields): string {
  return `{${(fieldsOf(struct) as readonly Field[]).map((field) => `${field.name}:(${field.type})${dumpField(field, value)}`).join(' ')}}`;
}

function dumpField(field: Field, value: Fields): string {
  if (field.json === '-') return dumpStruct(field.type, value);
  const held = value[field.json];
  if (held === undefined || held === null) {
    if (field.type === 'v1.Time') return '{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}';
    if (field.type === 'intstr.IntOrString') return dumpValue(field.type, 0);
    return fieldsOf(field.type) === undefined ? field.zero : dumpStruct(field.type, {});
  }
  // Lists and maps without items travel as none.
  if (Array.isArray(held) && held.length === 0) return '<nil>';
  if (/^(map|v1\.ResourceList)/.test(field.type) && Object.keys(held).length === 0) return '<nil>';
  return dumpValue(field.type, held);
}

function dumpValue(type: string, value: unknown): string {
  if (type.startsWith('*')) return dumpValue(type.slice(1), value);
  if (type.startsWith('[]')) return `[${(value as readonly unknown[]).map((item) => dumpValue(type.slice(2), item)).join(' ')}]`;
  if (type.startsWith('map[string]')) return dumpMap(type.slice('map[string]'.length), value as Fields);
  switch (type) {
    case 'v1.ResourceList': return dumpMap('resource.Quantity', value as Fields);
    case 'resource.Quantity': return dumpQuantity(String(value));
    case 'intstr.IntOrString': return typeof value === 'number' ? `{Type:(intstr.Type)0 IntVal:(int32)${value} StrVal:(string)}` : `{Type:(intstr.Type)1 IntVal:(int32)0 StrVal:(string)${String(value)}}`;
    default: return fieldsOf(type) === undefined ? String(value) : dumpStruct(type, value as Fields);
  }
}

function dumpMap(type: string, value: Fields): string {
  return `map[${Object.keys(value).sort().map((key) => `${key}:${dumpValue(type, value[key])}`).join(' ')}]`;
}

/**
 * A quantity's own fields, as its parser fills them from the canonical text that travels: the text is kept only where the parser saw that it is canonical.
 * Upstream: ParseQuantity in apimachinery/pkg/api/resource/quantity.go. Amounts beyond 63 bits, which it holds otherwise, print alike.
 */
function dumpQuantity(text: string): string {
  const { unscaled, exponent, format, text: kept = '' } = quantityOf(formatQuantity(quantityOf(text)));
  return `{i:(resource.int64Amount){value:(int64)${unscaled} scale:(resource.Scale)${exponent}} d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>} s:(string)${kept} Format:(resource.Format)${format}}`;
}
