import { join } from 'node:path';
import { sizeOf } from '../build.mjs';
import { foreignBinaries, nativeBinaries, toolsAndSources, withFiles } from '../contents.mjs';
import { demand, demandNone, promise } from '../promise.mjs';
import { OTHER, PLATFORM } from '../tools.mjs';

const MOST_ADDED_BYTES = 150_000_000;

/**
 * What is in the image's files, and how large they are.
 * @param images { image, base, other: the stage `app` of the image for the other platform }
 */
export async function contents({ image, base, other }) {
  await promise('adds at most 150 MB to its base, models included', async () => {
    const [own, under] = [await sizeOf(image), await sizeOf(base)];
    const added = own - under;
    const figures = [own, under, added].map((bytes) => (bytes / 1e6).toFixed(1));
    demand(added <= MOST_ADDED_BYTES, `it adds ${figures[2]} MB`);
    return `${figures[0]} MB − ${figures[1]} MB (base) = ${figures[2]} MB`;
  });
  await withFiles(image, async (files) => {
    await promise('has no package manager, compiler or sources', () => demandNone(toolsAndSources(files)));
    await promise('has no binary of another platform', () => demandNone(foreignBinaries(files, PLATFORM)));
    await promise(`has ONNX Runtime and sharp for ${PLATFORM}`, () => nativeModules(files, PLATFORM));
  });
  await withFiles(other, async (files) => {
    await promise(`has no binary of another platform when built for ${OTHER}`, () =>
      demandNone(foreignBinaries(join(files, 'app'), OTHER)),
    );
    await promise(`has ONNX Runtime and sharp for ${OTHER} when built for it`, () => nativeModules(files, OTHER));
  });
}

function nativeModules(files, platform) {
  const binaries = nativeBinaries(join(files, 'app'), platform).map((file) => file.slice(files.length));
  for (const wanted of ['onnxruntime_binding.node', 'libonnxruntime.so', 'sharp-linux-', 'libvips-cpp.so']) {
    demand(
      binaries.some((file) => file.includes(wanted)),
      `no ${wanted} among ${binaries.join(', ')}`,
    );
  }
  return `${binaries.length} binaries`;
}
