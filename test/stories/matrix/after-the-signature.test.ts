import { runMatrix } from '../../support/matrix/run.ts';
import { afterTheSignature } from './after-the-signature.ts';

runMatrix(afterTheSignature);
