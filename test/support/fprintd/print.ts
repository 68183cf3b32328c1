/**
 * Fingers that nobody has: ridge patterns drawn from a phase whose spirals are the minutiae (Larkin and Fletcher, "A coherent framework for fingerprint
 * analysis", 2007). The same finger can be laid down shifted, turned and noisy. Whether two images are one finger is decided by libfprint alone.
 */

export type Pattern = 'whorl' | 'loop' | 'arch';

export interface Finger {
  readonly pattern: Pattern;
  /** Where ridges begin or end, millimetres from the middle, and in which sense. */
  readonly minutiae: readonly { readonly x: number; readonly y: number; readonly sense: 1 | -1 }[];
}

/** How a finger lies on the sensor. */
export interface Touch {
  /** Millimetres. */
  readonly dx?: number;
  readonly dy?: number;
  readonly degrees?: number;
  /** Share of grey that is chance, 0 to 1. */
  readonly noise?: number;
  readonly seed?: number;
}

/** Grey bytes, row by row, 500 dots per inch. */
export interface PrintImage {
  readonly width: number;
  readonly height: number;
  readonly grey: Uint8Array;
}

const dotsPerMm = 19.685;
/** From ridge to ridge, millimetres. */
const ridgeMm = 0.46;
const width = 288;
const height = 352;
/** Half of the skin, millimetres: more than the sensor sees, so that no edge of it looks alike in all fingers. */
const skin = { x: 8.3, y: 9.9 } as const;

/** Another finger for each seed: where its ridges begin and end is chance, with room between them. */
export function finger(seed: number, pattern: Pattern = 'whorl', count = 60): Finger {
  const random = randomOf(seed);
  const minutiae: { x: number; y: number; sense: 1 | -1 }[] = [];
  for (let tries = 0; minutiae.length < count && tries < 20_000; tries += 1) {
    const [x, y] = [(2 * random() - 1) * skin.x, (2 * random() - 1) * skin.y];
    const free = minutiae.every((other) => Math.hypot(other.x - x, other.y - y) > 0.9);
    if (free) minutiae.push({ x, y, sense: random() < 0.5 ? 1 : -1 });
  }
  return { pattern, minutiae };
}

/** Lays a finger down. */
export function touch({ pattern, minutiae }: Finger, { dx = 0, dy = 0, degrees = 0, noise = 0.1, seed = 1 }: Touch = {}): PrintImage {
  const random = randomOf(seed);
  const turn = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const grey = new Uint8Array(width * height).fill(255);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const [u, v] = [(column - width / 2) / dotsPerMm - dx, (row - height / 2) / dotsPerMm - dy];
      const [x, y] = [u * cos + v * sin, v * cos - u * sin];
      let phase = (2 * Math.PI * distance(pattern, x, y)) / ridgeMm;
      for (const one of minutiae) phase += one.sense * Math.atan2(y - one.y, x - one.x);
      const ridge = 0.5 - 0.5 * Math.tanh(2 * Math.cos(phase));
      const value = ridge * (1 - noise) + random() * noise;
      grey[row * width + column] = Math.round(20 + 215 * Math.min(1, Math.max(0, value)));
    }
  }
  return { width, height, grey };
}

/** What the ridges of a pattern are the contour lines of, millimetres. */
function distance(pattern: Pattern, x: number, y: number): number {
  switch (pattern) {
    case 'whorl':
      return Math.hypot(x * 1.25, y + 1);
    case 'loop':
      // Round the end of a line that runs down and a little to one side.
      return y < 0 ? Math.hypot(x, y) : Math.abs(x + 0.15 * y);
    case 'arch':
      return y + 1.6 * Math.exp(-(x * x) / 7);
  }
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
