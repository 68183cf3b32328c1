/** The ten fingers, as a person is asked for one of them. */
export type FingerName = `${'left' | 'right'}-${'thumb' | 'index-finger' | 'middle-finger' | 'ring-finger' | 'little-finger'}`;
