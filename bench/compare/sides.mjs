// All that is compared. A side starts, says where to send an image to and how, and stops.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formUpload, openInferenceUpload } from '../inputs/upload.mjs';
import { writeResnet } from '../models/registry.mjs';
import { RESNETS } from '../models/resnet.mjs';
import { EyrieServer } from '../../scripts/eyrie-server.mjs';
import { PeerServer, PEERS, pinned } from './peer-server.mjs';
import { install, installedVersions } from './virtual-environment.mjs';

/**
 * @typedef {object} Side
 * @property {string} title
 * @property {string[]} versions what it is made of
 * @property {(model: string) => boolean} serves
 * @property {(subject: Subject) => Promise<{ url: string, pid: number, readyMs: number, stop: () => Promise<void> }>} start
 * @property {(image: object) => import('../inputs/upload.mjs').Upload} upload
 * @property {(answer: object) => { class_id: number, confidence: number }} best
 */

/** @typedef {{ model: string, registry: string, folder: string }} Subject a model, and the folder of its one version */

/** As it is started without a word on workers and threads, and as one says for most throughput. @returns {Side[]} */
export function eyrieSides(options, machine) {
  const perCore = eyrie('Eyrie, a worker per core', { threads: 1 }, options, machine);
  return [eyrie('Eyrie', undefined, options, machine), { ...perCore, serves: (model) => RESNETS.includes(model) }];
}

/** @returns {Side} */
function eyrie(title, runtime, { pinnedTo }, machine) {
  return {
    title,
    versions: [`Node ${machine.node}`, `onnxruntime-node ${machine.onnxruntime}`, `sharp ${machine.sharp}`],
    serves: () => true,
    start: async (subject) => {
      const { model } = subject;
      const registry = runtime ? registryWithRuntime(subject, runtime) : subject.registry;
      const server = await EyrieServer.start({
        registry,
        model,
        within: pinned(pinnedTo),
        env: { CACHE_MAX_BYTES: '0' },
      });
      const { readyMs, pid } = server;
      return { url: `${server.url}/v1/predict`, readyMs, pid, stop: () => server.stop() };
    },
    upload: (image) => formUpload(image),
    best: (answer) => answer.predictions[0],
  };
}

/** The same model in a registry beside the subject's, with another `runtime` in its manifest. */
function registryWithRuntime({ model, registry }, runtime) {
  const other = `${registry}-${JSON.stringify(runtime).replace(/\W+/g, '')}`;
  if (!existsSync(other)) writeResnet(other, model, runtime);
  return other;
}

/** The peers that could be installed; of the others, why not. @returns {{ sides: Side[], skipped: object[] }} */
export function peerSides(options, progress) {
  const sides = [];
  const skipped = [];
  for (const name of options.peers ?? peerNames()) {
    try {
      const peer = readPeer(name);
      const venv = install(peer, options, progress);
      const versions = installedVersions(venv, peer.packages);
      for (const [title, variant] of Object.entries(peer.variants)) {
        sides.push(peerSide({ ...peer, ...variant, title, versions, venv }, options));
      }
    } catch (error) {
      progress(`${name}: skipped: ${error.message}`);
      skipped.push({ what: name, reason: error.message });
    }
  }
  return { sides, skipped };
}

/** The best class in an answer, by the form of the answer. */
const ANSWERS = {
  predictions: (answer) => answer.predictions[0],
  'list of predictions': ([answer]) => answer.predictions[0],
  'open-inference-protocol': ({ outputs }) => JSON.parse(outputs[0].data[0]).predictions[0],
  'confidence by class': (answer) => {
    const [classId, confidence] = Object.entries(answer).reduce((a, b) => (b[1] > a[1] ? b : a));
    return { class_id: Number(classId), confidence };
  },
};

function peerNames() {
  return readdirSync(PEERS).filter((name) => existsSync(join(PEERS, name, 'peer.json')));
}

function readPeer(name) {
  const folder = join(PEERS, name);
  if (!existsSync(join(folder, 'peer.json'))) {
    throw new Error(`there is no such peer; there are ${peerNames().join(', ')}`);
  }
  const peer = JSON.parse(readFileSync(join(folder, 'peer.json'), 'utf8'));
  return { ...peer, name, folder, requirements: join(folder, 'requirements.txt') };
}

/** @returns {Side} */
function peerSide(peer, options) {
  const { title, versions, models, field } = peer;
  const isOpenInference = peer.body === 'open-inference-protocol';
  return {
    title,
    versions,
    serves: (model) => !models || models.includes(model),
    start: (subject) => PeerServer.start(peer, subject, options),
    upload: (image) => (isOpenInference ? openInferenceUpload(image) : formUpload(image, field)),
    best: ANSWERS[peer.answer ?? 'predictions'],
  };
}
