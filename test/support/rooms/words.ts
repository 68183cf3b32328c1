/** Words that must not stand in the tree: marks of unfinished work, rules that were switched off, paths of one developer's machine. */
import type { Source } from './imports.ts';

export interface WordFinding {
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  readonly why: string;
}

/** Words are put together here, so that this file does not find itself. */
const word = (...parts: string[]): string => parts.join('');

const forbidden: readonly { readonly why: string; readonly shape: RegExp }[] = [
  {
    why: 'unfinished work',
    shape: new RegExp(`\\b(?:${[word('TO', 'DO'), word('FIX', 'ME'), word('X', 'XX'), word('HA', 'CK')].join('|')})\\b`),
  },
  { why: 'unfinished work', shape: new RegExp(`Error\\(['"\`]${word('not ', '(?:yet )?implemented')}`, 'i') },
  { why: 'a rule that was switched off', shape: new RegExp(word('eslint', '-disable')) },
  { why: 'a rule that was switched off', shape: new RegExp(word('@ts', '-(?:ignore|nocheck|expect-error)')) },
  { why: 'a rule that was switched off', shape: new RegExp(word('svelte', '-ignore|', 'prettier', '-ignore')) },
  { why: 'a test that does not run', shape: /\b(?:it|test|describe|suite)\.(?:skip|only|todo|skipIf|runIf|fails)\b/ },
  { why: "a path of one developer's machine", shape: /(?:^|[^\w./-])\/(?:home|Users|root|work|farm)\/\w/ },
];

/** Every place in which a forbidden word stands. */
export function checkWords(sources: readonly Source[]): WordFinding[] {
  return sources.flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((content, at) =>
        forbidden.filter(({ shape }) => shape.test(content)).map(({ why }): WordFinding => ({ path, line: at + 1, why })),
      ),
  );
}
