/**
 * Who a token is. Slot numbers and handles change; a serial number alone is not enough (some tokens answer sixteen zeros), so the name of a
 * token is a digest over everything that is known before its certificates are read, and over which insertion it was: one that was out is
 * never the same token again, because whoever put it back may be somebody else.
 */
import { createHash } from 'node:crypto';
import type { TokenInfo } from '../token.ts';
import type { TokenFacts } from './protocol.ts';

/** SHA-256 (hex) over module, slot description, serial, label and insertion, each with its length in front so that no two lists collide. */
export function tokenId(module: string, facts: Pick<TokenFacts, 'slot' | 'serial' | 'label'>, insertion: number): string {
  const digest = createHash('sha256');
  for (const part of [module, facts.slot, facts.serial, facts.label, String(insertion)]) {
    const bytes = Buffer.from(part, 'utf8');
    digest.update(`${bytes.length}:`).update(bytes);
  }
  return digest.digest('hex');
}

/** The public description of a token. `insertion` counts the insertions that this agent has seen. */
export function tokenInfo(module: string, facts: TokenFacts, insertion: number): TokenInfo {
  const { slot, label, manufacturer, model, serial } = facts;
  return { id: tokenId(module, facts, insertion), module, slot, label, manufacturer, model, serial };
}
