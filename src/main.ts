import { run } from './cli/run.ts';
import { nameProcess } from './daemon/process-name.ts';

nameProcess('criproxy');
void run(process.argv.slice(2)).then(status => process.exit(status));
