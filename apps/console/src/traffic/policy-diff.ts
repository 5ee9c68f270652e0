import type { Policy } from '../shell/api-types.js';

export interface DiffLine {
  readonly sign: '+' | '-' | ' ';
  readonly line: string;
}

/** What a policy has other than the one before it, line by line of its JSON. The revision is another one always. */
export function differences(before: Policy | undefined, after: Policy): DiffLine[] {
  const [old, now] = [before ? linesOf(before) : [], linesOf(after)];
  // The longest common subsequence; a policy has some dozens of lines.
  const common = Array.from({ length: old.length + 1 }, () => new Array<number>(now.length + 1).fill(0));
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      common[i]![j] = old[i] === now[j] ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!);
    }
  }
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      lines.push({ sign: ' ', line: now[j]! });
      i += 1;
      j += 1;
    } else if (j >= now.length || (i < old.length && common[i + 1]![j]! >= common[i]![j + 1]!)) {
      lines.push({ sign: '-', line: old[i]! });
      i += 1;
    } else {
      lines.push({ sign: '+', line: now[j]! });
      j += 1;
    }
  }
  return lines;
}

function linesOf(policy: Policy): string[] {
  return JSON.stringify({ ...policy, revision: undefined }, null, 2)
    .split('\n')
    .map((line) => line.replace(/,$/, ''));
}
