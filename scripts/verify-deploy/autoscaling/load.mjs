// Clients of one server, each with one request after the other, until this process is told to end, or its parent has. A process of
// its own, because that one stands still while kubectl runs, and its clients would stand still with it.
import autocannon from 'autocannon';
import { randomPng } from '../../random-png.mjs';

const [url, clients] = process.argv.slice(2);
process.once('disconnect', () => process.exit(0));
const headers = { 'content-type': 'image/png' };
const until = { connections: Number(clients), duration: 3600 };
await autocannon({ url: `${url}/v1/predict`, method: 'POST', headers, body: await randomPng(), ...until });
