/** Which key is used at the terminal: the one that was named, or the one that a visit would take, or the one that the person picks. */
import { preferredKeys } from '../../../drivers/pkcs11/key-choice.ts';
import type { ListedModule } from '../../../drivers/pkcs11/inventory.ts';
import type { ModuleConfig } from '../../../drivers/pkcs11/source.ts';
import type { PinInfo, SigningKey, TokenInfo } from '../../../drivers/token.ts';
import { StartRefused } from '../../refusals.ts';
import type { JudgedCertificate } from '../tokens/judge.ts';
import { renderSurvey } from '../tokens/render.ts';
import type { Survey } from '../tokens/survey.ts';

export interface Candidate {
  readonly module: ModuleConfig;
  readonly token: Omit<TokenInfo, 'id'>;
  readonly pin: PinInfo;
  readonly key: SigningKey;
  /** How a visit would judge it. */
  readonly judged: JudgedCertificate;
}

/** Every key that can sign, tokens in the order of the modules. */
export function candidates(survey: Survey, listed: readonly ListedModule[]): readonly Candidate[] {
  const judged = new Map(survey.tokens.flatMap(({ certificates }) => certificates.map((one) => [one.sha256, one] as const)));
  return listed.flatMap(({ config, tokens }) =>
    tokens.flatMap(({ token, offered, contents }) =>
      !offered || contents === undefined
        ? []
        : contents.certificates.flatMap(({ key }) => {
            const judgement = key === undefined ? undefined : judged.get(key.certificateSha256);
            return key === undefined || judgement === undefined
              ? []
              : [{ module: config, token, pin: contents.pin, key, judged: judgement }];
          }),
    ),
  );
}

/**
 * Those that the call can mean. Without a name they are the keys that a visit would offer, or, where it would offer none, all that can sign.
 * Throws StartRefused when there is no such key.
 */
export function meant(all: readonly Candidate[], survey: Survey, prefix: string | undefined): readonly Candidate[] {
  if (prefix !== undefined) {
    const found = all.filter(({ key }) => key.certificateSha256.startsWith(prefix.toLowerCase()));
    if (found.length > 0) return found;
    throw new StartRefused(`No certificate here begins with ${prefix} and has a key that can sign. See: countersign tokens`);
  }
  if (all.length === 0) throw new StartRefused(`There is no key that could be tested.\n\n${renderSurvey(survey).trimEnd()}`);
  const preferred = preferredKeys(all.map(({ key }) => key));
  return preferred.length === 0 ? all : all.filter(({ key }) => preferred.includes(key));
}

/** One line per candidate, for the person who picks. */
export function candidateLine({ token, key, judged }: Candidate): string {
  const { holder = 'unknown holder', issuer = 'unknown issuer', key: kind = 'unknown key' } = judged;
  return `${key.certificateSha256.slice(0, 16)}  ${holder}, issued by ${issuer}, ${kind}, in ${token.slot}`;
}
