import { runMatrix } from '../../support/matrix/run.ts';
import { outOfService } from './out-of-service.ts';

runMatrix(outOfService);
