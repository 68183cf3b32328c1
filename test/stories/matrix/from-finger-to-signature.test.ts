import { runMatrix } from '../../support/matrix/run.ts';
import { fromFingerToSignature } from './from-finger-to-signature.ts';

runMatrix(fromFingerToSignature);
