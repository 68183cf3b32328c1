import { runMatrix } from '../../support/matrix/run.ts';
import { beforeTheFinger } from './before-the-finger.ts';

runMatrix(beforeTheFinger);
