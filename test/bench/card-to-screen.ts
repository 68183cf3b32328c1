/** From a card that slides in to a screen that says what it is: a real station on the virtual card, watched as the kiosk watches it. */
import { StoryStation } from '../support/station.ts';

/** Milliseconds from the insertion to the first screen that knows the holder, `rounds` times. */
export async function timeFromCardToScreen(rounds: number): Promise<readonly number[]> {
  const story = await StoryStation.make();
  const times: number[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      await story.until('start');
      const start = performance.now();
      const inserted = story.devices.reader.insert(story.card('ada'));
      await story.until('choose-document');
      times.push(performance.now() - start);
      await inserted;
      await story.takeCardOut();
      await story.until('trouble');
      story.act({ type: 'continue' });
    }
  } finally {
    await story.end();
  }
  return times;
}
