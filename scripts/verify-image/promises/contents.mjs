import { join } from 'node:path';
import { sizeOf } from '../build.mjs';
import { foreignBinaries, nativeBinaries, toolsAndSources, withFiles } from '../contents.mjs';
import { demand, demandNone, promise } from '../promise.mjs';

const MOST_ADDED_BYTES = 150_000_000;

/**
 * What is in the image's files, and how large they are.
 * @param images { image, base, arm64: the image for arm64, or only its stage `app`, arm64Folder: what to look at in that }
 */
export async function contents({ image, base, arm64, arm64Folder }) {
  await promise('adds at most 150 MB to its base, models included', async () => {
    const [own, under] = [await sizeOf(image), await sizeOf(base)];
    const added = own - under;
    const figures = [own, under, added].map((bytes) => (bytes / 1e6).toFixed(1));
    demand(added <= MOST_ADDED_BYTES, `it adds ${figures[2]} MB`);
    return `${figures[0]} MB − ${figures[1]} MB (base) = ${figures[2]} MB`;
  });
  await withFiles(image, async (files) => {
    await promise('has no package manager, compiler or sources', () => demandNone(toolsAndSources(files)));
    await promise('has no binary of another platform', () => demandNone(foreignBinaries(files, 'amd64')));
    await promise('has ONNX Runtime and sharp for amd64', () => nativeModules(files, 'amd64'));
  });
  await withFiles(arm64, async (files) => {
    await promise('has no binary of another platform when built for arm64', () =>
      demandNone(foreignBinaries(join(files, arm64Folder), 'arm64')),
    );
    await promise('has ONNX Runtime and sharp for arm64 when built for it', () => nativeModules(files, 'arm64'));
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
