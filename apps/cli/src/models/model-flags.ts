import type { Command } from 'commander';
import { PRESETS } from '#authoring';
import {
  parseActivation,
  parseChannels,
  parseCrop,
  parseInputSize,
  parseKernel,
  parseLayout,
  parseMean,
  parsePadColor,
  parsePreset,
  parseResize,
  parseScale,
  parseStd,
  parseTask,
  parseThreshold,
  parseTolerance,
  parseVersion,
  TASKS,
} from './add-options';

/** What can be said of a model that becomes a version, wherever its file comes from. */
export function withModelFlags(command: Command): Command {
  return command
    .option('--version <number>', 'number of the version (default: one more than the highest)', parseVersion)
    .option('--labels <file>', 'one label per line, or JSON (default: what the file says, or class_0, class_1, …)')
    .option('--preset <preset>', `how images are prepared: ${Object.keys(PRESETS).join(', ')}`, parsePreset)
    .option('--input-size <pixels>', 'side, or width x height, where the file leaves it open', parseInputSize)
    .option('--layout <layout>', 'NCHW or NHWC, where the file leaves it open', parseLayout)
    .option('--channels <order>', 'RGB, BGR, GREY, RGBA or BGRA', parseChannels)
    .option('--resize <how>', 'shorter-side:PIXELS, exact, exact:PIXELS (or WxH, to crop from) or pad', parseResize)
    .option('--kernel <kernel>', 'bilinear, bicubic, lanczos or nearest (default: bilinear)', parseKernel)
    .option(
      '--pad-color <colour>',
      'what --resize pad fills with: 0..255, or red,green,blue (default: 0)',
      parsePadColor,
    )
    .option('--crop <how>', 'center or none', parseCrop)
    .option('--scale <number>', 'what pixels of 0..255 are multiplied with, such as 1/255', parseScale)
    .option('--mean <numbers>', 'taken off after scaling, per channel', parseMean)
    .option('--std <numbers>', 'what is divided by then, per channel', parseStd)
    .option('--output <name>', 'the output that holds the class scores, where there are several')
    .option('--activation <how>', 'auto, softmax, sigmoid or none', parseActivation)
    .option('--multi-label', 'any number of classes may be right for an image')
    .option('--threshold <number>', 'from which score on --multi-label names a class (default: 0.5)', parseThreshold)
    .option('--task <task>', `${TASKS.join(', ')} (default: what the graph looks like)`, parseTask)
    .option(
      '--features <file>',
      'of a table: names of the columns, one per line, as a CSV header, or described in JSON',
    )
    .option('--target <name>', 'of a table: what is predicted, as its column is called')
    .option('--unit <unit>', 'of a regression: in what its values are')
    .option(
      '--tolerance <number>',
      'of a regression: how far apart two versions may be and still agree',
      parseTolerance,
    )
    .option('--try <photos...>', 'print what each preparation makes of these pictures, and add nothing')
    .option('--description <text>', 'what people should know of it')
    .option('--license <id>', 'such as Apache-2.0');
}
