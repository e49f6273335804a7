// The difference of two values in messages of immutable fields. Upstream prints its internal structs; here it is the JSON.

/** What was and what is, behind a line that starts `@@`. @internal */
export function diffText(before: unknown, after: unknown): string {
  return `@@ -1 +1 @@\n-${JSON.stringify(before)}\n+${JSON.stringify(after)}\n`;
}
