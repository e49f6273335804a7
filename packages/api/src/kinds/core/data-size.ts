// Bytes that base64 stands for.

/** Length in bytes of what a base64 text decodes to. @internal */
export function decodedLength(text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return Math.floor((text.length * 3) / 4) - padding;
}
