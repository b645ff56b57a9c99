import './cli/v8-settings.ts';
import { nameProcess } from './cli/process-name.ts';
import { run } from './cli/run.ts';

nameProcess('criproxy');
void run(process.argv.slice(2)).then(status => process.exit(status));
