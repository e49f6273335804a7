// Warnings for secrets of TLS whose certificate or key is none. Upstream: pkg/registry/core/secret/strategy.go
// warningsForSecret, Go's crypto/tls X509KeyPair (1.37). Whether the key fits the certificate is not looked at.
import type { Secret } from '../../generated/types.ts';

const BEGIN = /^-----BEGIN ([^\r\n]*?)-----[ \t\r]*$/;

/** The kinds of the PEM blocks of a text, in order; what is between them does not count. */
function pemBlocks(base64: string | undefined): readonly string[] {
  const lines = Buffer.from(base64 ?? '', 'base64').toString('latin1').split('\n');
  const kinds: string[] = [];
  let open: string | undefined;
  for (const line of lines) {
    const begin = BEGIN.exec(line);
    if (begin !== null) open = begin[1];
    else if (open !== undefined && line.trimEnd() === `-----END ${open}-----`) {
      kinds.push(open);
      open = undefined;
    }
  }
  return kinds;
}

function certificateWarning(base64: string | undefined): string | undefined {
  const kinds = pemBlocks(base64);
  if (kinds.includes('CERTIFICATE')) return undefined;
  const [first] = kinds;
  if (first === undefined) return 'tls: failed to find any PEM data in certificate input';
  if (kinds.length === 1 && first.endsWith('PRIVATE KEY')) return 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched';
  return `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${kinds.join(' ')}]`;
}

function keyWarning(base64: string | undefined): string | undefined {
  const kinds = pemBlocks(base64);
  if (kinds.some((kind) => kind === 'PRIVATE KEY' || kind.endsWith(' PRIVATE KEY'))) return undefined;
  const [first] = kinds;
  if (first === undefined) return 'tls: failed to find any PEM data in key input';
  if (kinds.length === 1 && first === 'CERTIFICATE') return 'tls: found a certificate rather than a key in the PEM for the private key';
  return `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [${kinds.join(' ')}]`;
}

/** Texts of Warning headers for a secret. @internal */
export function secretWarnings(secret: Secret): readonly string[] {
  if (secret.type !== 'kubernetes.io/tls') return [];
  const text = certificateWarning(secret.data?.['tls.crt']) ?? keyWarning(secret.data?.['tls.key']);
  return text === undefined ? [] : [text];
}
