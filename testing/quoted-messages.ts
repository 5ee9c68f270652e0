import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** The files that write messages: sources and scripts, without their tests. */
export function sourcesIn(repository: string): string[] {
  return ['apps', 'libs', 'scripts'].flatMap((folder) =>
    readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|mjs)$/.test(file) && !/spec\.ts$|fixture|(^|\/)test\//.test(file))
      .map((file) => join(repository, folder, file)),
  );
}

/** What string literals and templates say between their holes. */
export function piecesOf(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const pieces: string[] = [];
  const visit = (node: ts.Node): void => {
    const whole = partsOf(node);
    if (whole) pieces.push(...whole.filter((part) => part !== ''));
    // Texts stand in the holes of others, too.
    ts.forEachChild(node, visit);
  };
  visit(source);
  return pieces;
}

/** The texts of an expression with holes between them: `a ${b} c` and 'a ' + b + ' c' have two; undefined for what is no text. */
function partsOf(node: ts.Node): string[] | undefined {
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isTemplateExpression(node)) return [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)];
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.PlusToken) return undefined;
  const [left, right] = [partsOf(node.left), partsOf(node.right)];
  if (!left || !right) return left ?? right;
  return [...left.slice(0, -1), left.at(-1)! + right[0]!, ...right.slice(1)];
}

/** What stands in a hole: a number, a name, a path, a list in brackets. */
const VALUE = /(?:\[[^\]]*\]|[^\s"]+?)(?=[\s",:;)]|\.$|$)/y;
/** A message may be values to that part. */
const MOST_VALUES = 0.4;

/**
 * Whether a message can come of these pieces: all of it is pieces, whole from hole to hole, but for values in the holes. `…` in it
 * stands for anything, and may cut a piece short.
 */
export function canBeSaid(message: string, pieces: readonly string[]): boolean {
  const fragments = message.split('…').map((text, i) => ({ text, isCutBefore: i > 0 }));
  const words = message.split(/[\s…]+/).filter((word) => word !== '').length;
  let values = 0;
  for (const [i, { text, isCutBefore }] of fragments.entries()) {
    if (text.trim() === '' || /^["'`.,;:)\s]*$/.test(text)) continue;
    values += fewestValues(text, pieces, isCutBefore, i < fragments.length - 1);
  }
  return values <= words * MOST_VALUES;
}

/** How many words of a fragment no piece has, at the least; Infinity when it cannot be made of pieces and values. */
function fewestValues(text: string, pieces: readonly string[], isCutBefore: boolean, isCutAfter: boolean): number {
  if (isCutBefore && isCutAfter && pieces.some((piece) => piece.includes(text.trim()))) return 0;
  const fewest = new Array<number>(text.length + 1).fill(Infinity);
  const reach = (at: number, values: number): void => {
    fewest[at] = Math.min(fewest[at]!, values);
  };
  fewest[0] = 0;
  for (const piece of isCutBefore ? pieces : []) {
    for (let end = 1; end <= Math.min(piece.length, text.length); end++) {
      if (piece.endsWith(text.slice(0, end))) reach(end, 0);
    }
  }
  for (let at = 0; at < text.length; at++) {
    const values = fewest[at]!;
    if (values === Infinity) continue;
    const rest = text.slice(at);
    for (const piece of pieces) {
      if (rest.startsWith(piece)) reach(at + piece.length, values);
      if (isCutAfter && piece.startsWith(rest)) reach(text.length, values);
    }
    VALUE.lastIndex = at;
    const value = VALUE.exec(text)?.[0];
    // A word of the language is no value, unless it is quoted.
    if (value && (text[at - 1] === '"' || !/^[a-z]+$/.test(value))) reach(at + value.length, values + 1);
    // Between two pieces that are put together elsewhere.
    if (/^[\s":;,.]/.test(rest)) reach(at + 1, values);
  }
  return fewest[text.length]!;
}
