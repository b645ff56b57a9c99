import { setFlagsFromString } from 'node:v8';
import { collectGarbage } from '../transport/memory/collector.ts';
import { forbidLastCompiler } from './last-compiler.ts';

/** When start-up is over for sure, in ms. */
const STARTED = 1500;

/**
 * Settings of V8, made before any other module of the daemon is loaded: this one is imported first, for its effect. Each is read by V8
 * whenever it matters, so that it can be made in a program that runs: it holds however the program is started, and costs no second
 * start. The figures beside each setting are from `npm run bench`, with lists of 500 from each of two runtimes.
 */

// The young generation stays as it begins, two semi-spaces of 1 MiB. Calls leave next to nothing alive, and yet V8 doubles it under
// load up to 64 MiB, resident from then on. Small calls cost the same CPU, long lists that change from call to call a tenth more.
setFlagsFromString('--semi-space-growth-factor=1');

// With so small a young generation helpers in other threads cost more than they do: a fifth of the CPU of a small call, eight at a time.
setFlagsFromString('--no-parallel-scavenge');

// The last and largest compiler, TurboFan, runs only when there is much to do: see last-compiler.ts. Once it may, it takes functions up
// soon; the start's own loops are no reason.
setFlagsFromString('--no-use-osr');
setFlagsFromString('--invocation-count-for-turbofan=1000');
forbidLastCompiler();

// The garbage of the start, some 4 MiB, is given back. V8 waits for less garbage the less memory is alive, so it then collects the
// garbage of long lists before it has grown by another 20 MiB.
setTimeout(() => collectGarbage({ type: 'major', flavor: 'last-resort' }), STARTED).unref();
