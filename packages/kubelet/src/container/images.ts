// What the usual images do: nginx, httpd, busybox, redis, agnhost, pause. Answers are functions of files and arguments.
import type { Container } from '@kubesim/api';
import type { BehaviourContext, ContainerBehaviour, PodHttpRequest, PodHttpResponse } from '../runtime/behaviour.ts';
import { isDirectory, readFile, resolvePath, type FileTree } from '../runtime/file-tree.ts';

const NGINX_PAGE = '<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title>\n</head>\n<body>\n<h1>Welcome to nginx!</h1>\n</body>\n</html>\n';
const HTTPD_PAGE = '<html><body><h1>It works!</h1></body></html>\n';
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A date as HTTP headers have it. */
function httpDate(ms: number): string {
  const at = new Date(ms);
  const two = (value: number): string => `${value}`.padStart(2, '0');
  return `${DAYS[at.getUTCDay()]}, ${two(at.getUTCDate())} ${MONTHS[at.getUTCMonth()]} ${at.getUTCFullYear()} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} GMT`;
}

function tagOf(container: Container, otherwise: string): string {
  return /:(\d+\.\d+(?:\.\d+)?)/.exec(container.image ?? '')?.[1] ?? otherwise;
}

function respond(context: BehaviourContext, server: string, status: number, reason: string, body: string, type: string = 'text/html'): PodHttpResponse {
  const headers: (readonly [string, string])[] = [
    ['Server', server], ['Date', httpDate(context.now)], ['Content-Type', type], ['Content-Length', `${body.length}`],
    ...(status === 200 ? [['Last-Modified', httpDate(context.instance.startedAt)] as const] : []), ['Connection', 'keep-alive'],
    ...(status === 200 ? [['Accept-Ranges', 'bytes'] as const] : []),
  ];
  return { status, reason, headers, body, steadyUntil: Infinity };
}

/** Serves files below a root as a static web server does. */
function serveFiles(context: BehaviourContext, request: PodHttpRequest, root: string, server: string, footer: string): PodHttpResponse {
  const page = (status: number, reason: string): PodHttpResponse =>
    respond(context, server, status, reason, `<html>\n<head><title>${status} ${reason}</title></head>\n<body>\n<center><h1>${status} ${reason}</h1></center>\n${footer}</body>\n</html>\n`);
  const path = resolvePath(root, `.${request.path.split('?')[0]}`);
  if (isDirectory(context.files, path)) {
    const index = readFile(context.files, `${path}/index.html`);
    return index === undefined ? page(403, 'Forbidden') : respond(context, server, 200, 'OK', index);
  }
  const content = readFile(context.files, path);
  if (content === undefined) return page(404, 'Not Found');
  return respond(context, server, 200, 'OK', content, /\.html?$/.test(path) ? 'text/html' : /\.(txt|log)$/.test(path) ? 'text/plain' : 'application/octet-stream');
}

const base: FileTree = { '/tmp': null, '/etc/hostname': '', '/root': null, '/var/log': null };

/** nginx: serves /usr/share/nginx/html on port 80. @public */
export const nginxBehaviour: ContainerBehaviour = {
  name: 'nginx', version: 1, images: ['nginx', 'nginx-slim', 'nginx-unprivileged'],
  files: { ...base, '/usr/share/nginx/html/index.html': NGINX_PAGE, '/usr/share/nginx/html/50x.html': NGINX_PAGE, '/etc/nginx/nginx.conf': 'worker_processes auto;\n' },
  stop: () => ({ afterMs: 100, exitCode: 0 }),
  http(context, request) {
    if (request.port !== 80 && request.port !== 8080) return undefined;
    const version = tagOf(context.container, '1.25.5');
    return serveFiles(context, request, '/usr/share/nginx/html', `nginx/${version}`, `<hr><center>nginx/${version}</center>\n`);
  },
  listens: (_context, port) => port === 80,
};

/** Apache httpd: serves /usr/local/apache2/htdocs on port 80. @public */
export const httpdBehaviour: ContainerBehaviour = {
  name: 'httpd', version: 1, images: ['httpd'],
  files: { ...base, '/usr/local/apache2/htdocs/index.html': HTTPD_PAGE },
  stop: () => ({ afterMs: 1000, exitCode: 0 }),
  http(context, request) {
    if (request.port !== 80) return undefined;
    return serveFiles(context, request, '/usr/local/apache2/htdocs', `Apache/${tagOf(context.container, '2.4.62')} (Unix)`, '');
  },
  listens: (_context, port) => port === 80,
};

/** The part of a busybox command that says how long it lives. */
function busyboxLife(container: Container): { endsAfterMs?: number; exitCode?: number } {
  const words = [...(container.command ?? []), ...(container.args ?? [])];
  if (words.length === 0) return { endsAfterMs: 0, exitCode: 0 };
  const script = /^(\/bin\/)?(sh|ash|bash)$/.test(words[0] as string) ? words.slice(words[1]?.startsWith('-') === true ? 2 : 1).join(' ') : words.join(' ');
  if (/\bwhile\b|\btail -f|\bhttpd\b.*-f|\bsleep inf/.test(script)) return {};
  let seconds = 0;
  for (const [, amount = '0', unit = 's'] of script.matchAll(/\bsleep\s+(\d+(?:\.\d+)?)([smhd]?)/g)) seconds += Number(amount) * ({ s: 1, m: 60, h: 3600, d: 86400, '': 1 }[unit] ?? 1);
  const exit = /\bexit\s+(\d+)/.exec(script)?.[1] ?? (/^false\b|[;&]\s*false\s*$/.test(script) ? '1' : '0');
  return { endsAfterMs: seconds * 1000, exitCode: Number(exit) };
}

/** busybox and its like: a shell that does what its command says; as process 1 it does not end on SIGTERM. @public */
export const busyboxBehaviour: ContainerBehaviour = {
  name: 'busybox', version: 1, images: ['busybox', 'alpine', 'debian', 'ubuntu', 'bash'],
  files: { ...base, '/bin/sh': '', '/bin/busybox': '' },
  start: busyboxLife,
  stop: () => ({ afterMs: Infinity, exitCode: 143 }),
};

/** redis: answers PING, GET, SET, DEL and INCR on port 6379. It keeps no data between commands outside /data. @public */
export const redisBehaviour: ContainerBehaviour = {
  name: 'redis', version: 1, images: ['redis', 'valkey'],
  files: { ...base, '/data': null },
  stop: () => ({ afterMs: 200, exitCode: 0 }),
  listens: (_context, port) => port === 6379,
  line(_context, line) {
    const [command = '', ...args] = line.split(/\s+/);
    switch (command.toUpperCase()) {
      case 'PING': return args[0] ?? 'PONG';
      case 'SET': case 'AUTH': case 'SELECT': return 'OK';
      case 'GET': return '';
      case 'INFO': return `# Replication\nrole:master\nconnected_slaves:0`;
      default: return `ERR unknown command '${command}'`;
    }
  },
};

function option(container: Container, name: string): string | undefined {
  return [...(container.command ?? []), ...(container.args ?? [])].find((each) => each.startsWith(`--${name}=`))?.slice(name.length + 3);
}

/** agnhost: netexec, serve-hostname and pause. @public */
export const agnhostBehaviour: ContainerBehaviour = {
  name: 'agnhost', version: 1, images: ['agnhost', 'e2e-test-images/agnhost'], files: base,
  stop: () => ({ afterMs: 100, exitCode: 0 }),
  http(context, request) {
    const words = [...(context.container.command ?? []), ...(context.container.args ?? [])];
    const plain = (status: number, reason: string, body: string): PodHttpResponse =>
      ({ status, reason, headers: [['Date', httpDate(context.now)], ['Content-Length', `${body.length}`], ['Content-Type', 'text/plain; charset=utf-8']], body, steadyUntil: Infinity });
    if (words.includes('serve-hostname')) return request.port === Number(option(context.container, 'port') ?? 9376) ? plain(200, 'OK', context.hostname) : undefined;
    if (!words.includes('netexec') || request.port !== Number(option(context.container, 'http-port') ?? 8080)) return undefined;
    const [path = '/', query = ''] = request.path.split('?');
    const value = (name: string): string => decodeURIComponent(new RegExp(`(?:^|&)${name}=([^&]*)`).exec(query)?.[1] ?? '');
    if (path === '/hostname') return plain(200, 'OK', context.hostname);
    if (path === '/clientip') return plain(200, 'OK', `${context.podIP}:0`);
    if (path === '/echo') return plain(200, 'OK', value('msg'));
    if (path === '/healthz') return context.files['/tmp/unhealthy'] === undefined ? plain(200, 'OK', '') : plain(412, 'Precondition Failed', '');
    return path === '/' ? { ...plain(200, 'OK', `NOW: ${httpDate(context.now)}`), steadyUntil: Infinity } : plain(404, 'Not Found', '404 page not found\n');
  },
};

/** pause: does nothing until it is told to stop. @public */
export const pauseBehaviour: ContainerBehaviour = { name: 'pause', version: 1, images: ['pause'], stop: () => ({ afterMs: 10, exitCode: 0 }) };

/** Images that no other behaviour is for: run for good, take exec, answer HTTP on the ports their spec names, stop with 0. @public */
export const anyBehaviour: ContainerBehaviour = {
  name: 'any', version: 1, images: [], files: base,
  stop: () => ({ afterMs: 100, exitCode: 0 }),
  start: (container) => (container.command?.[0] === 'sh' || container.command?.[0] === '/bin/sh' ? busyboxLife(container) : {}),
  http(context, request) {
    const open = context.container.ports ?? [];
    if (open.length > 0 && !open.some((port) => port.containerPort === request.port)) return undefined;
    return { status: 200, reason: 'OK', headers: [['Content-Length', '0']], body: '', steadyUntil: Infinity };
  },
  listens: () => true,
};

/** All of them, first match wins. @public */
export const defaultBehaviours: readonly ContainerBehaviour[] = [nginxBehaviour, httpdBehaviour, busyboxBehaviour, redisBehaviour, agnhostBehaviour, pauseBehaviour];
