import type * as dns from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { isPublicAddress } from './address-policy';

/**
 * A DNS lookup for `net.connect` that answers with public addresses or not at all. The connection uses the very
 * answer that was checked, so a name that changes its address between check and use (DNS rebinding) gains nothing.
 *
 * One private address among public ones refuses the name: nobody publishes such an answer by good intent.
 */
export function checkedLookup(lookup: typeof dns.lookup, refusal: () => Error): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { all: true }, (error, answers) => {
      if (error) return callback(error, []);
      const [first] = answers;
      if (first === undefined) return callback(noAddress(hostname), []);
      if (!answers.every(({ address }) => isPublicAddress(address))) return callback(refusal(), []);
      if (options.all) callback(null, answers);
      else callback(null, first.address, isIP(first.address));
    });
  };
}

function noAddress(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`no address for ${hostname}`), { code: 'ENOTFOUND' });
}
