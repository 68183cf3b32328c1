/** Two soft tones for a card that was left behind. They are made here, so that no sound file is needed. */
let audio: AudioContext | undefined;

/** Sounds once; silent where the browser does not allow it, because nobody has touched the page yet. */
export function chime(): void {
  audio ??= new AudioContext();
  const { state } = audio;
  void audio.resume();
  if (state === 'running') ring(audio);
}

function ring(audio: AudioContext): void {
  const start = audio.currentTime;
  for (const [index, hertz] of [659.3, 523.3].entries()) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    const at = start + index * 0.28;
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.18, at + 0.03);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.6);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.65);
  }
}
