// A certificate authority of a cluster, by openssl: Node can read certificates, but not write them.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { output } from '../cache.mjs';

const NEW = ['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-days', '2'];

export class Authority {
  constructor(folder) {
    mkdirSync(folder, { recursive: true });
    this.folder = folder;
    this.certificate = join(folder, 'ca.crt');
    this.key = join(folder, 'ca.key');
    openssl([...NEW, '-subj', '/CN=authority', '-keyout', this.key, '-out', this.certificate]);
  }

  /** For a client, and for a server at `localhost`. @returns the paths of certificate and key */
  sign(name) {
    const certificate = join(this.folder, `${name}.crt`);
    const key = join(this.folder, `${name}.key`);
    const extensions = ['basicConstraints=critical,CA:FALSE', 'subjectAltName=DNS:localhost'];
    openssl([
      ...[...NEW, '-CA', this.certificate, '-CAkey', this.key, '-subj', `/CN=${name}`],
      ...[...extensions, 'extendedKeyUsage=serverAuth,clientAuth'].flatMap((extension) => ['-addext', extension]),
      ...['-keyout', key, '-out', certificate],
    ]);
    return { certificate, key };
  }
}

function openssl(args) {
  // It shows its progress on stderr.
  output('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
}
