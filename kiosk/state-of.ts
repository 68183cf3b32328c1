import type { PublicState, ScreenName } from '../agent/contract/state.ts';

/** The public state that one screen shows. */
export type StateOf<Name extends ScreenName> = Extract<PublicState, { readonly screen: Name }>;
