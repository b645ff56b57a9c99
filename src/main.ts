import './cli/v8-settings.ts';
import { run } from './cli/run.ts';

void run(process.argv.slice(2)).then(status => process.exit(status));
