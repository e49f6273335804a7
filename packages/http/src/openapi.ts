// The least OpenAPI v2 document that kubectl's validation asks for: kinds that it does not name are checked by the server alone.

/** The protobuf form of an OpenAPI v2 document that names nothing. @internal */
export function openApiV2(version: { readonly gitVersion: string }): Uint8Array {
  const info = [...field(1, 'Kubernetes'), ...field(2, version.gitVersion)];
  return new Uint8Array([...field(1, '2.0'), 0x12, info.length, ...info]);
}

function field(number: number, text: string): readonly number[] {
  const bytes = [...Buffer.from(text, 'utf8')];
  return [(number << 3) | 2, bytes.length, ...bytes];
}
