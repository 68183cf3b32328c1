import { runMatrix } from '../../support/matrix/run.ts';
import { checkingAFile } from './checking-a-file.ts';

runMatrix(checkingAFile);
