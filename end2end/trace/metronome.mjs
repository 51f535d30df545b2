// Does the same small piece of work over and over, and says how long each took: when it began and ended by the clock
// that Chromium's traces are written by, and the processor time that it took, all in microseconds.

/** From the end of one to the next, at least, in milliseconds. */
const PAUSE = 3;
/** Some 80 microseconds of work that fits into the processor's first cache. */
const STEPS = 5_000;

const cells = new Uint32Array(1_024);
let state = 1;

function work() {
  for (let step = 0; step < STEPS; step++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    cells[state >>> 22] += state;
  }
}

const now = () => Number(process.hrtime.bigint() / 1_000n);

function beat() {
  const began = now();
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(`${began} ${now()} ${user + system}\n`);
  setTimeout(beat, PAUSE);
}

// Whoever wanted to know is gone.
process.stdin.on('close', () => process.exit()).resume();
// Compiled by then.
for (let time = 0; time < 500; time++) work();
beat();
