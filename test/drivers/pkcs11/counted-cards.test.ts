import { describe, expect, it } from 'vitest';
import { CountedCards } from '../../../drivers/pkcs11/counted-cards.ts';

const reader = (cardIn: boolean, events: number, name = 'Reader 00 00') => ({ name, cardIn, events });

describe('a card that pcscd shows before it counts it', () => {
  it('is not in before it is counted, and then has one count only', () => {
    const cards = new CountedCards();
    expect(cards.settle([reader(false, 18)], 0)).toEqual([reader(false, 18)]);
    expect(cards.settle([reader(true, 18)], 50)).toEqual([reader(false, 18)]);
    expect(cards.settle([reader(true, 18)], 100)).toEqual([reader(false, 18)]);
    expect(cards.settle([reader(true, 19)], 150)).toEqual([reader(true, 19)]);
    expect(cards.settle([reader(true, 19)], 200)).toEqual([reader(true, 19)]);
  });

  it('is in at once when it was in before anybody looked, or was counted since', () => {
    const cards = new CountedCards();
    expect(cards.settle([reader(true, 0)], 0)).toEqual([reader(true, 0)]);
    expect(cards.settle([reader(false, 1)], 50)).toEqual([reader(false, 1)]);
    expect(cards.settle([reader(true, 4)], 100)).toEqual([reader(true, 4)]);
  });

  it('is in after the count has gone round', () => {
    const cards = new CountedCards();
    cards.settle([reader(false, 0xffff)], 0);
    expect(cards.settle([reader(true, 0xffff)], 50)).toEqual([reader(false, 0xffff)]);
    expect(cards.settle([reader(true, 0)], 100)).toEqual([reader(true, 0)]);
  });

  it('is believed after a while when no count comes, and stays in', () => {
    const cards = new CountedCards();
    cards.settle([reader(false, 18)], 0);
    expect(cards.settle([reader(true, 18)], 50)).toEqual([reader(false, 18)]);
    expect(cards.settle([reader(true, 18)], 2049)).toEqual([reader(false, 18)]);
    expect(cards.settle([reader(true, 18)], 2050)).toEqual([reader(true, 18)]);
    expect(cards.settle([reader(true, 18)], 2100)).toEqual([reader(true, 18)]);
  });

  it('is in at once in a reader that was unplugged meanwhile, and after pcscd was away', () => {
    const cards = new CountedCards();
    cards.settle([reader(false, 18)], 0);
    cards.settle([], 50);
    expect(cards.settle([reader(true, 18)], 100)).toEqual([reader(true, 18)]);
    cards.settle([reader(false, 0)], 150);
    cards.forget();
    expect(cards.settle([reader(true, 0)], 200)).toEqual([reader(true, 0)]);
  });

  it('says nothing of the reader beside it', () => {
    const cards = new CountedCards();
    cards.settle([reader(false, 3), reader(false, 3, 'Other 00 00')], 0);
    const both = cards.settle([reader(true, 3), reader(true, 4, 'Other 00 00')], 50);
    expect(both).toEqual([reader(false, 3), reader(true, 4, 'Other 00 00')]);
  });
});
