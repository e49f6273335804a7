// What /metrics says, in Prometheus' text form: names and labels are upstream's.

/** Counters of requests. @internal */
export class Metrics {
  private readonly requests = new Map<string, number>();

  count(method: string, code: number): void {
    const labels = `code="${code}",verb="${/^[A-Z]{1,10}$/.test(method) ? method : 'OTHER'}"`;
    this.requests.set(labels, (this.requests.get(labels) ?? 0) + 1);
  }

  /** The whole page. `objects` counts what is stored, by resource. */
  page(watches: number, gitVersion: string, objects: readonly (readonly [string, number])[]): string {
    return [
      ...metric('apiserver_request_total', 'counter', 'Requests that were answered, by method and code.', [...this.requests].sort(([a], [b]) => (a < b ? -1 : 1))),
      ...metric('apiserver_registered_watchers', 'gauge', 'Watches that are open.', [['', watches]]),
      ...metric('apiserver_storage_objects', 'gauge', 'Objects that are stored, by resource.', objects.map(([resource, count]) => [`resource="${resource}"`, count])),
      ...metric('kubernetes_build_info', 'gauge', 'The release that is simulated.', [[`git_version="${gitVersion}"`, 1]]),
    ].map((line) => `${line}\n`).join('');
  }
}

function metric(name: string, type: string, help: string, values: readonly (readonly [string, number])[]): readonly string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...values.map(([labels, value]) => `${name}${labels === '' ? '' : `{${labels}}`} ${value}`)];
}
