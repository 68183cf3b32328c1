/**
 * Optional content (ISO 32000-1 section 8.11), known as layers: refused as soon as anything is off by default, on paper, or under some
 * condition, because then programs and printers show different documents for one signature.
 */
import type { Findings } from './intake-findings.ts';
import { type PdfFile } from './pdf.ts';
import { PdfArray, PdfDict, PdfName, PdfRef, type PdfValue, isName } from './pdf-objects.ts';
import type { OnDict } from './pdf-pages.ts';

/** States that a layer may have of its own for an occasion (table 102); viewers differ in whether they wait for the configuration to ask. */
const occasions = [
  ['View', 'ViewState'],
  ['Print', 'PrintState'],
  ['Export', 'ExportState'],
] as const;
/** Conditions under which a layer comes and goes while somebody reads. */
const conditions = ['Zoom', 'Language', 'User'];

function isOffSometimes(file: PdfFile, layer: PdfDict): boolean {
  const usage = file.dict(layer.get('Usage'));
  return occasions.some(([occasion, state]) => isName(file.resolve(file.dict(usage?.get(occasion) ?? null)?.get(state) ?? null), 'OFF'));
}

/** The value of a visibility expression when every layer is on (section 8.11.2.2). Throws PdfRefused when it is nested too deep. */
function holds(file: PdfFile, expression: PdfValue, depth: number): boolean {
  file.budget.checkDepth(depth);
  const found = file.resolve(expression);
  if (!(found instanceof PdfArray)) return true;
  const [operator = null, ...operands] = found.items;
  const name = file.resolve(operator);
  if (isName(name, 'Not')) return !holds(file, operands[0] ?? null, depth + 1);
  if (isName(name, 'Or')) return operands.some((operand) => holds(file, operand, depth + 1));
  return operands.every((operand) => holds(file, operand, depth + 1));
}

/** True when a group of layers is hidden although every layer is on. */
function isHiddenGroup(file: PdfFile, group: PdfDict): boolean {
  const policy = file.resolve(group.get('P'));
  if (isName(policy, 'AnyOff') || isName(policy, 'AllOff')) return true;
  return group.get('VE') !== null && !holds(file, group.get('VE'), 0);
}

function judgeConfiguration(file: PdfFile, configuration: PdfDict, findings: Findings): void {
  const base = file.resolve(configuration.get('BaseState'));
  const off = file.items(configuration.get('OFF')) ?? [];
  if ((base instanceof PdfName && base.value !== 'ON') || off.length > 0) findings.refuse('hidden-content');
  for (const occasion of file.items(configuration.get('AS')) ?? []) {
    const event = file.dict(occasion);
    const categories = (file.items(event?.get('Category') ?? null) ?? []).map((category) => file.resolve(category));
    const layers = (file.items(event?.get('OCGs') ?? null) ?? []).map((layer) => file.dict(layer));
    const asks = conditions.filter((condition) => categories.some((category) => isName(category, condition)));
    const answers = layers.some((layer) => asks.some((condition) => file.dict(layer?.get('Usage') ?? null)?.get(condition) != null));
    if (answers) findings.refuse('hidden-content');
  }
}

/** Judges the default configuration at once, and gives the judge of single dictionaries. Both throw PdfRefused. */
export function judgeLayers(file: PdfFile, findings: Findings): OnDict {
  const properties = file.dict(file.catalog().dict.get('OCProperties'));
  const configuration = file.dict(properties?.get('D') ?? null);
  if (configuration !== undefined) judgeConfiguration(file, configuration, findings);
  const layers = (file.items(properties?.get('OCGs') ?? null) ?? []).filter((layer) => layer instanceof PdfRef);
  for (const layer of layers) {
    findings.remark('layers');
    if (isOffSometimes(file, file.dict(layer) ?? new PdfDict({}))) findings.refuse('hidden-content');
  }
  return (dict) => {
    const type = file.resolve(dict.get('Type'));
    if (isName(type, 'OCG') && isOffSometimes(file, dict)) findings.refuse('hidden-content');
    if (isName(type, 'OCMD') && isHiddenGroup(file, dict)) findings.refuse('hidden-content');
  };
}
