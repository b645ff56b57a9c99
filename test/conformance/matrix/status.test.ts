import { status as Code } from '@grpc/grpc-js';
import { PATIENCE, targets, testPairs } from './pairs.ts';

const TEXT = 'RegistryUnavailable: 100 % of "käse" 💾\nis gone, rpc error: code = Unknown';
const DETAILS = Buffer.from([8, 5, 18, 3, 0xff, 0x00, 0x80]);
const codes = Array.from({ length: 16 }, (_, at) => at + 1);

testPairs('status codes', async (t, { client, of }) => {
  for (const code of codes) {
    for (const id of targets) {
      of(id).answers['StopContainer'] = {
        code,
        message: `${TEXT} ${code}`,
        trailers: { 'grpc-status-details-bin': DETAILS, 'x-reason': 'because' },
      };
      const container_id = id === '' ? 'c1' : 'alt__c1';
      const outcome = await client.ask('StopContainer', { container_id }, PATIENCE);
      t.strictSame(
        [outcome.code, outcome.details],
        [code, `${TEXT} ${code}`],
        `${Code[code]} of ${id || 'the primary'}`,
      );
      t.strictSame(outcome.trailers.get('grpc-status-details-bin'), [DETAILS], 'its details, byte for byte');
      t.strictSame(outcome.trailers.get('x-reason'), ['because'], 'its trailers');
    }
  }
});

testPairs('a status without a message', async (t, { client, primary }) => {
  primary.answers['Status'] = { code: 5, message: '' };
  const { code, details } = await client.ask('Status', {}, PATIENCE);
  t.strictSame([code, details], [5, '']);
});
