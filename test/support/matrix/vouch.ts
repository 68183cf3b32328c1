/** Somebody vouches for the holder of a card of the matrix: the station is stopped meanwhile, as at a counter, and starts again. */
import { createHash } from 'node:crypto';
import { configDigest } from '../../../agent/config.ts';
import { openStationLog } from '../../../agent/opening.ts';
import { makeMember } from '../log/staff.ts';
import { statedIn } from '../log/stated.ts';
import type { Walk } from './walk.ts';

const clerk = makeMember('clerk-7', 'clerk');

export async function vouchFor({ story, card }: Walk): Promise<void> {
  const { paths, config } = story.running;
  const certificate = createHash('sha256').update(card.certificate('9c')).digest('hex');
  await story.stop();
  const { log, enrolments } = await openStationLog(paths, config, { software: 'countersign test', configDigest: configDigest(config) });
  try {
    await log.append(
      statedIn(log, clerk, 'vouch', {
        subject: enrolments.of(certificate)?.subject ?? '',
        holder_certificate_sha256: certificate,
        identified: 'known-in-person',
        reason: 'finger-disabled',
        until: new Date(Date.now() + 600_000).toISOString(),
      }),
    );
  } finally {
    await log.close();
  }
  await story.start();
}
