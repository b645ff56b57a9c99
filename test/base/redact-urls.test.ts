import { test } from 'tap';
import { redactAddress, redactStreamingUrl, redactUrls } from '../../src/base/redact-urls.ts';

const texts: ReadonlyArray<readonly [text: string, shown: string]> = [
  ['http://joe:pw@collector:4318', 'http://<redacted>@collector:4318'],
  ['http://joe:p@w@proxy:3128/x', 'http://<redacted>@proxy:3128/x'],
  [
    'Get "https://cdn.example/blob?sig=abc%2Fd&se=2026&x": EOF',
    'Get "https://cdn.example/blob?sig=<redacted>&se=<redacted>&x": EOF',
  ],
  ['two https://a/?k=1, https://b/?k=2', 'two https://a/?k=<redacted> https://b/?k=<redacted>'],
  ['https://a/cb#access_token=1;b=2', 'https://a/cb#access_token=<redacted>;b=<redacted>'],
  ['/other.Service/Method?token=1', '/other.Service/Method?token=<redacted>'],
  ['registry:5000/a/b:tag@sha256:0123', 'registry:5000/a/b:tag@sha256:0123'],
  ['is it so? a=b #12', 'is it so? a=b #12'],
];

for (const [text, shown] of texts) test(`${text} is shown as ${shown}`, async t => t.equal(redactUrls(text), shown));

const addresses: ReadonlyArray<readonly [address: string, shown: string]> = [
  ['registry.example:5000', 'registry.example:5000'],
  ['joe:pw@registry.example', '<redacted>@registry.example'],
  ['https://joe:pw@registry.example/v1/?t=1', 'https://<redacted>@registry.example/v1/?t=<redacted>'],
];

for (const [address, shown] of addresses)
  test(`the address ${address} is shown as ${shown}`, async t => t.equal(redactAddress(address), shown));

const urls: ReadonlyArray<readonly [url: string, shown: string]> = [
  ['http://127.0.0.1:10010/exec/Zx81token', 'http://127.0.0.1:10010/exec/<redacted>'],
  ['http://127.0.0.1:10250/cri/exec/Zx81token', 'http://127.0.0.1:10250/cri/exec/<redacted>'],
  ['/attach/Zx81token', '/attach/<redacted>'],
  ['http://h:1/portforward/Zx81?a=/b', 'http://h:1/portforward/<redacted>?a=<redacted>'],
];

for (const [url, shown] of urls)
  test(`a streaming URL is shown as ${shown}`, async t => t.equal(redactStreamingUrl(url), shown));

test('a long text takes a time in proportion to its length', async t => {
  for (const part of ['://', '?', '=', 'a.', '://a', '?a=', '@']) {
    const time = (length: number) => {
      const text = part.repeat(length);
      const begin = performance.now();
      redactUrls(text);
      return performance.now() - begin;
    };
    time(1_000);
    // A quadratic search would take a million times as long for a thousand times the length: a minute and more.
    t.ok(time(1_500_000) < 30_000, part);
  }
});
