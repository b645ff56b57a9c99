import './daemon/v8-settings.ts';
import { nameProcess } from './daemon/process-name.ts';
import { run } from './daemon/run-daemon.ts';

nameProcess('criproxy');
void run(process.argv.slice(2)).then(status => process.exit(status));
