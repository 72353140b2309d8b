import { execFileSync } from 'node:child_process';
import { renameSync } from 'node:fs';
import { join } from 'node:path';

export interface CertificateAt {
  readonly certPath: string;
  readonly keyPath: string;
}

/** Makes a certificate for this machine, signed by itself, and puts it and its key in place of those that are there. */
export function makeCertificate(directory: string, name: string): CertificateAt {
  const [certPath, keyPath] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  execFileSync('openssl', [...request, ...names, '-keyout', `${keyPath}.new`, '-out', `${certPath}.new`], {
    stdio: 'pipe',
  });
  renameSync(`${keyPath}.new`, keyPath);
  renameSync(`${certPath}.new`, certPath);
  return { certPath, keyPath };
}
