/** Everything that is plugged in, judged, as data: what `countersign tokens` prints, and what `token test` chooses from. */
import { takeInventory, type InventoryOptions, type ListedModule, type ListedToken } from '../../../drivers/pkcs11/inventory.ts';
import type { PinInfo } from '../../../drivers/token.ts';
import { printable } from '../../documents/printable.ts';
import { judgeCertificates, type JudgedCertificate } from './judge.ts';
import type { Surroundings } from './surroundings.ts';

export interface SurveyedToken {
  readonly module: string;
  readonly reader: string;
  readonly label: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: string;
  /** `unknown`: a card that its module does not know. `elsewhere`: another module is asked about it. `unreadable`: `problem` says why. */
  readonly state: 'read' | 'unknown' | 'elsewhere' | 'unreadable';
  readonly problem?: string;
  readonly pin?: PinInfo;
  readonly certificates: readonly JudgedCertificate[];
}

export interface SurveyedModule {
  readonly name: string;
  readonly path: string;
  readonly library?: string;
  readonly fault?: ListedModule['fault'];
  readonly namesReaders: boolean;
  readonly slots: readonly string[];
}

export interface Survey {
  /** RFC 3339, by this computer's clock. */
  readonly at: string;
  readonly station?: { readonly name: string; readonly demo: boolean };
  readonly notJudged: readonly string[];
  readonly modules: readonly SurveyedModule[];
  readonly tokens: readonly SurveyedToken[];
}

/** Asks the modules and judges what they show. Waits for each module a bounded time. */
export async function survey(
  surroundings: Surroundings,
  at: Date,
  options: Omit<InventoryOptions, 'modules'> = {},
): Promise<{ readonly survey: Survey; readonly listed: readonly ListedModule[] }> {
  const { station, modules, notJudged } = surroundings;
  const listed = await takeInventory({ ...options, modules });
  return {
    listed,
    survey: {
      at: at.toISOString(),
      ...(station === undefined ? {} : { station: { name: station.config.name, demo: station.config.demo } }),
      notJudged,
      modules: listed.map(({ config, library, fault, namesReaders, slots }) => ({
        name: config.name,
        path: config.path,
        ...(library === undefined ? {} : { library: printable(library) }),
        ...(fault === undefined ? {} : { fault: { how: fault.how, said: printable(fault.said, 400) } }),
        namesReaders,
        slots: slots.map((slot) => printable(slot)),
      })),
      tokens: listed.flatMap(({ tokens }) => tokens.map((token) => surveyed(token, surroundings, at))),
    },
  };
}

function surveyed({ token, recognised, offered, contents, problem }: ListedToken, judges: Surroundings, at: Date): SurveyedToken {
  const state = offered ? (recognised ? (contents === undefined ? 'unreadable' : 'read') : 'unknown') : 'elsewhere';
  return {
    module: token.module,
    reader: printable(token.slot),
    label: printable(token.label),
    manufacturer: printable(token.manufacturer),
    model: printable(token.model),
    serial: printable(token.serial),
    state,
    ...(problem === undefined ? {} : { problem: printable(problem) }),
    ...(state !== 'read' || contents === undefined ? {} : { pin: contents.pin }),
    certificates: state !== 'read' || contents === undefined ? [] : judgeCertificates(contents.certificates, judges, at),
  };
}
