import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../../scripts/prepare.mjs';
import { input } from '../inputs/photo.mjs';
import { machine } from '../measure/machine.mjs';
import { writeResnet } from '../models/registry.mjs';
import { RESNETS } from '../models/resnet.mjs';
import { writeDocument } from '../report/document.mjs';
import { inTemporaryFolder } from '../temporary-folder.mjs';
import { answerOf, mustAgree } from './agreement.mjs';
import { eyrieSides, peerSides } from './sides.mjs';
import { measureRow, memoryOf, visit } from './visit.mjs';

/** The arrivals of the open loop, as a share of what the slowest side can answer: all of them can keep up. */
const OPEN_LOOP_LOAD = 0.7;
const LARGE_AT = 10;

const progress = (line) => console.error(line);

/** @returns exit code */
export async function compare(options) {
  if (options.report) {
    await writeDocument(JSON.parse(readFileSync(options.results, 'utf8')));
    return 0;
  }
  const about = machine();
  const { sides: peers, skipped } = peerSides(options, progress);
  const sides = [...eyrieSides(options, about), ...peers];
  const { command, rounds, seconds, warmUpSeconds, cpus, pinnedTo } = options;
  const results = {
    machine: about,
    how: { command, rounds, seconds, warmUpSeconds, cpus, pinnedTo },
    sides: sides.map(({ title, versions }) => ({ title, versions })),
    models: [],
    skipped,
  };
  await inTemporaryFolder('compare', async (folder) => {
    for (const model of options.models) {
      const found = await compareModel(subjectOf(model, folder), sides, options, skipped);
      results.models.push(found);
      // What has been measured is kept, whatever comes next.
      mkdirSync(dirname(options.results), { recursive: true });
      writeFileSync(options.results, JSON.stringify(results, null, 2));
    }
  });
  if (!options.check) await writeDocument(results);
  return 0;
}

/** A registry with one version of one model. */
function subjectOf(model, folder) {
  const registry = join(folder, model);
  if (RESNETS.includes(model)) {
    progress(`${model}: building the model`);
    writeResnet(registry, model);
    return { model, registry, folder: join(registry, model, '1') };
  }
  const source = join(root, 'model-registry', model);
  const { aliases } = JSON.parse(readFileSync(join(source, 'policy.json'), 'utf8'));
  const version = String(aliases?.champion ?? readdirSync(source).filter(Number).at(-1));
  cpSync(join(source, version), join(registry, model, version), { recursive: true });
  return { model, registry, folder: join(registry, model, version) };
}

/** All sides in turn, round after round (A B C, A B C …): what drifts while it is measured drifts for all of them. */
async function compareModel(subject, allSides, options, skipped) {
  const { model } = subject;
  const main = await input(RESNETS.includes(model) ? 'jpeg' : 'small');
  let sides = allSides.filter((side) => side.serves(model));
  const drop = (side, error) => {
    const reason = error.message.replace(/\s+/g, ' ');
    progress(`${model}, ${side.title}: skipped: ${reason}`);
    skipped.push({ what: `${side.title}, ${model}`, reason });
    sides = sides.filter((other) => other !== side);
  };
  const forEach = async (work) => {
    for (const side of sides) await work(side).catch((error) => drop(side, error));
  };

  let expected;
  await forEach(async (side) => {
    const found = await visit(side, subject, (server) => answerOf(side, server, main));
    progress(`${model}, ${side.title}: class ${found.classId} with ${found.confidence.toFixed(4)}`);
    expected ??= found;
    mustAgree(expected, found);
  });
  const visits = [];
  if (options.check) return { model, visits };

  const loads = options.connections.map((connections) => ({ image: main, connections }));
  if (options.large && RESNETS.includes(model)) loads.push({ image: await input('large'), connections: LARGE_AT });
  for (let round = 1; round <= options.rounds; round++) {
    await forEach(async (side) => visits.push(await closedVisit(side, subject, loads, options, round)));
  }
  if (options.openLoop) {
    const rate = openLoopRate(visits, main.title);
    for (let round = 1; round <= options.rounds; round++) {
      await forEach(async (side) => visits.push(await openVisit(side, subject, { image: main, rate }, options, round)));
    }
  }
  return { model, visits };
}

function closedVisit(side, subject, loads, options, round) {
  return visit(side, subject, async (server) => {
    const rows = [];
    const readyRssBytes = memoryOf(server);
    for (const load of loads) {
      const row = await measureRow(side, server, load, options);
      progress(
        `${subject.model}, round ${round}, ${side.title}: ${load.image.title}, ${load.connections} connections: ` +
          `${row.requestsPerSecond.toFixed(1)} req/s, ${row.errors} errors`,
      );
      rows.push({ input: load.image.title, ...row });
    }
    return { side: side.title, round, readyMs: server.readyMs, readyRssBytes, rows };
  });
}

function openVisit(side, subject, load, options, round) {
  return visit(side, subject, async (server) => {
    const row = await measureRow(side, server, load, options);
    progress(
      `${subject.model}, round ${round}, ${side.title}: open loop at ${row.arrivalsPerSecond}/s: ` +
        `p95 ${row.latencyMs.p95?.toFixed(0)} ms, ${row.errors} errors`,
    );
    return { side: side.title, round, readyMs: server.readyMs, rows: [{ input: load.image.title, ...row }] };
  });
}

function openLoopRate(visits, title) {
  const peaks = new Map();
  for (const { side, rows } of visits) {
    for (const { input: sent, requestsPerSecond } of rows) {
      if (sent === title) peaks.set(side, Math.max(peaks.get(side) ?? 0, requestsPerSecond));
    }
  }
  return Math.max(1, OPEN_LOOP_LOAD * Math.min(...peaks.values()));
}
