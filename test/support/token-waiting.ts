/** Waiting for tokens to come and go, the way the rest of the house does: by watching. */
import type { TokenInfo, TokenSource } from '../../drivers/token.ts';

/** Resolves with the tokens as soon as `wanted` holds for them. Rejects after `withinMs`. */
export function tokensWhere(
  source: TokenSource,
  wanted: (tokens: readonly TokenInfo[]) => boolean,
  withinMs = 15_000,
): Promise<readonly TokenInfo[]> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      stop();
      reject(new Error(`the tokens did not become as wanted; last seen: ${source.tokens().length}`));
    }, withinMs);
    const look = (tokens: readonly TokenInfo[]): void => {
      if (!wanted(tokens)) return;
      clearTimeout(late);
      stop();
      resolve(tokens);
    };
    const stop = source.watch(look);
    look(source.tokens());
  });
}

/** Waits for exactly one token and returns it. */
export async function onlyToken(source: TokenSource): Promise<TokenInfo> {
  const [token] = await tokensWhere(source, (tokens) => tokens.length === 1);
  if (token === undefined) throw new Error('there is no token');
  return token;
}
