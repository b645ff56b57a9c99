import { run } from './cli/run.ts';
import { ignoreDebugSignal } from './daemon/debug-signal.ts';
import { nameProcess } from './daemon/process-name.ts';

nameProcess('criproxy');
ignoreDebugSignal();
void run(process.argv.slice(2)).then(status => process.exit(status));
