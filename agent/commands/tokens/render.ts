/** Prints a survey for a person, and says what to do where there is nothing to print. */
import type { PinInfo } from '../../../drivers/token.ts';
import type { Check } from '../doctor/report.ts';
import type { JudgedCertificate } from './judge.ts';
import type { Survey, SurveyedModule, SurveyedToken } from './survey.ts';

/** Lines for the terminal. `service`: what the doctor says of the card service; asked only where no token was seen. */
export function renderSurvey(survey: Survey, service?: Check): string {
  const tokens = survey.tokens.filter(({ state }) => state !== 'elsewhere');
  const others = survey.tokens.filter(({ state }) => state === 'elsewhere');
  const lines = [
    survey.station === undefined ? [] : [`Station ${survey.station.name}${survey.station.demo ? ' (demo)' : ''}`],
    survey.modules.flatMap(moduleLines),
    ...tokens.map(tokenLines),
    others.map(({ module, reader }) => `The card in ${reader} is seen by ${module} too; another module is asked about it.`),
    tokens.length > 0 ? [] : nothing(survey, service),
    [...survey.notJudged],
  ];
  return `${lines
    .filter((part) => part.length > 0)
    .map((part) => part.join('\n'))
    .join('\n\n')}\n`;
}

/** One word for how a module failed, and what it said. */
const faults = {
  'not-loaded': 'was not loaded',
  hung: 'did not answer in time',
  crashed: 'crashed',
  failed: 'answered with an error',
} as const;

function moduleLines({ name, path, library, fault }: SurveyedModule): string[] {
  if (fault === undefined) return [`Module ${name}: ${library ?? path}`];
  return [`Module ${name} ${faults[fault.how]}: ${fault.said}`, `  ${path}; see countersign doctor`];
}

function tokenLines(token: SurveyedToken): string[] {
  const title = `Token in ${token.reader === '' ? 'a slot without a name' : token.reader}, by module ${token.module}`;
  if (token.state === 'unknown') {
    const advice = 'Its vendor\'s PKCS#11 module is needed; install it and add it to "modules" in station.json.';
    return [title, '  This card is not known to any module that was asked.', `  ${advice}`];
  }
  const who = rows([
    ['label', token.label],
    ['manufacturer', token.manufacturer],
    ['model', token.model],
    ['serial', token.serial],
  ]);
  if (token.pin === undefined) return [title, ...who, `  It cannot be read: ${token.problem ?? 'no reason was given'}.`];
  const certificates =
    token.certificates.length === 0 ? ['  There is no certificate on it.'] : token.certificates.flatMap(certificateLines);
  return [title, ...who, ...rows([['PIN', pinWords(token.pin)]]), ...certificates];
}

/** The state of a PIN in words. PKCS#11 tells a number only at the end: one try, or none. */
export function pinWords({ state, protectedPath, minLength, maxLength }: PinInfo): string {
  const left = {
    unknown: 'tries left: unknown (this module does not say)',
    ok: 'no wrong PIN is reported; how many tries are left is not told',
    low: 'a wrong PIN was typed; tries left: unknown',
    'last-try': 'LAST TRY: one more wrong PIN locks it',
    locked: 'LOCKED: it cannot be used',
  }[state];
  const length = maxLength > 0 ? `${minLength} to ${maxLength} characters` : 'any length';
  return `${left}; ${protectedPath ? "typed on the reader's own pad" : `${length}, typed here`}`;
}

function certificateLines(one: JudgedCertificate): string[] {
  const title = `  Certificate ${one.sha256.slice(0, 16)}${one.label === '' ? '' : ` "${one.label}"`}`;
  const verdict = { yes: 'yes', no: 'no', 'not-judged': 'nothing speaks against it' }[one.maySign];
  const why = one.reasons.length === 0 ? '' : `: ${one.reasons.join('; ')}`;
  const facts: [string, string][] =
    one.holder === undefined
      ? []
      : [
          ['holder', one.holder],
          ['issuer', one.issuer ?? ''],
          ['serial', one.serial ?? ''],
          ['valid', `${day(one.validFrom)} to ${day(one.validTo)}`],
          ['key', `${one.key ?? ''}${one.schemes.length === 0 ? '' : `, signs by ${one.schemes.join(' or ')}`}`],
        ];
  const finger: [string, string][] = one.enrolled === undefined ? [] : [['finger', one.enrolled ? 'enrolled' : 'not enrolled']];
  return ['', title, ...rows([...facts, ...finger, ['may sign here', `${verdict}${why}`]], 4)];
}

function day(time: string | undefined): string {
  return (time ?? '').slice(0, 10);
}

function rows(facts: readonly (readonly [string, string])[], indent = 2): string[] {
  return facts.filter(([, value]) => value !== '').map(([name, value]) => `${' '.repeat(indent)}${name.padEnd(14)} ${value}`);
}

/** What to do where no token was seen. */
function nothing({ modules }: Survey, service: Check | undefined): string[] {
  if (modules.length === 0) {
    const install = 'sudo apt-get install -y --no-install-recommends opensc-pkcs11';
    return ['There is no PKCS#11 module to look with.', `  Install one, for most cards: ${install}`];
  }
  const working = modules.filter(({ fault }) => fault === undefined);
  if (working.length === 0) return ['No module works, so nobody can look. See: countersign doctor'];
  const readers = [...new Set(working.filter(({ namesReaders }) => namesReaders).flatMap(({ slots }) => slots))];
  if (readers.length > 0) return [`No card is in a reader (${readers.join(', ')}). Put one in and ask again.`];
  if (service !== undefined && service.finding !== 'ok')
    return [`No card reader can be asked: ${service.found}.`, `  ${service.mend ?? 'See: countersign doctor'}`];
  return ['There is no card reader. Plug one in, put the card in, and ask again; if it is plugged in already: countersign doctor'];
}
