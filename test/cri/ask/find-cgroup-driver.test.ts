import { test } from 'tap';
import { findCgroupDriver } from '../../../src/cri/ask/find-cgroup-driver.ts';
import { type CgroupDriverName, runtimeConfigWith } from '../../../src/cri/read/cgroup-driver.ts';
import { infoField, isVerbose } from '../../../src/cri/read/node-status.ts';

const nothing = Buffer.alloc(0);
const crio = infoField('config', '{"cgroup_manager":"systemd"}');
const refused = new Error('unknown method');

/** Answers to RuntimeConfig and to a verbose Status. */
const rows: ReadonlyArray<
  readonly [what: string, config: Buffer | Error, status: Buffer | Error, found: CgroupDriverName | Error | undefined]
> = [
  ['RuntimeConfig tells', runtimeConfigWith('cgroupfs'), crio, 'cgroupfs'],
  ['RuntimeConfig says nothing of Linux', nothing, crio, 'systemd'],
  ['there is no RuntimeConfig', refused, crio, 'systemd'],
  ['neither tells', refused, nothing, undefined],
  ['neither answers', refused, new Error('gone'), new Error('gone')],
];

for (const [what, config, status, found] of rows) {
  test(what, async t => {
    const asked: string[] = [];
    const driver = findCgroupDriver(async (method, request) => {
      asked.push(method);
      t.equal(isVerbose(request), method === 'Status');
      const answer = method === 'Status' ? status : config;
      if (answer instanceof Error) throw answer;
      return answer;
    });
    if (found instanceof Error) await t.rejects(driver, found);
    else t.equal(await driver, found);
    t.strictSame(asked, found === 'cgroupfs' ? ['RuntimeConfig'] : ['RuntimeConfig', 'Status']);
  });
}
