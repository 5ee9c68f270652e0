// The attacker's tools: whole requests by node:http, anything else by bare sockets.
import http from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * One request, on a connection of its own.
 * @returns the status, or the code of what went wrong in its place; never throws
 */
export function send(url, { method = 'POST', headers = {}, body, timeoutMs = 60_000 } = {}) {
  return new Promise((resolve) => {
    const request = http.request(url, { method, headers, agent: false, timeout: timeoutMs }, (response) => {
      response.resume();
      response.on('error', ({ code }) => resolve(code));
      response.on('end', () => resolve(response.statusCode));
    });
    request.on('timeout', () => request.destroy(Object.assign(new Error('no answer'), { code: 'TIMEOUT' })));
    request.on('error', ({ code }) => resolve(code));
    request.end(body);
  });
}

/** JSON, given as text or bytes, since what is sent here need not be JSON. */
export const sendJson = (url, text, { method, headers } = {}) => {
  const body = Buffer.from(text);
  const described = { 'Content-Type': 'application/json', 'Content-Length': body.length, ...headers };
  return send(url, { method, headers: described, body });
};

/** `count` of them, `width` at a time. @param {(i: number) => Promise<unknown>} one @returns what each resolved with */
export async function many(count, width, one) {
  const results = new Array(count);
  let next = 0;
  const lane = async () => {
    for (let i = next++; i < count; i = next++) results[i] = await one(i);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane));
  return results;
}

/**
 * Bytes on a bare connection, which stays open without reading for so long.
 * @returns the status of each answer that came, read after the pause
 */
export async function raw(url, bytes, { holdMs = 0, readMs = 2000 } = {}) {
  const { hostname, port } = new URL(url);
  const socket = net.connect(Number(port), hostname);
  let text = '';
  socket.on('error', () => undefined);
  socket.pause();
  socket.write(bytes);
  await sleep(holdMs);
  const ended = new Promise((resolve) => socket.once('close', resolve));
  socket.on('data', (chunk) => (text = (text + chunk.toString('latin1')).slice(-1_000_000)));
  socket.resume();
  await Promise.race([ended, sleep(readMs)]);
  socket.destroy();
  return [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status));
}

/** Connections that are opened, written to and held until `closeAll`. */
export class HeldConnections {
  #sockets = [];

  open(url, bytes) {
    const { hostname, port } = new URL(url);
    return new Promise((resolve) => {
      const socket = net.connect(Number(port), hostname, () => socket.write(bytes, () => resolve(socket)));
      socket.on('error', () => resolve(socket));
      socket.pause();
      this.#sockets.push(socket);
    });
  }

  closeAll() {
    for (const socket of this.#sockets) socket.destroy();
  }
}
