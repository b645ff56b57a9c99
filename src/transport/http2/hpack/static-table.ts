/** The static table, from index 1 (RFC 7541 appendix A): name and value, `=` between them. */
const fields = `:authority= :method=GET :method=POST :path=/ :path=/index.html :scheme=http :scheme=https :status=200
:status=204 :status=206 :status=304 :status=400 :status=404 :status=500 accept-charset= accept-encoding=gzip,_deflate
accept-language= accept-ranges= accept= access-control-allow-origin= age= allow= authorization= cache-control=
content-disposition= content-encoding= content-language= content-length= content-location= content-range= content-type=
cookie= date= etag= expect= expires= from= host= if-match= if-modified-since= if-none-match= if-range=
if-unmodified-since= last-modified= link= location= max-forwards= proxy-authenticate= proxy-authorization= range=
referer= refresh= retry-after= server= set-cookie= strict-transport-security= transfer-encoding= user-agent= vary= via=
www-authenticate=`
  .split(/\s+/)
  .map(field => field.replace('_', ' ').split('=') as [string, string]);

/** The number of entries of the static table. Dynamic entries begin at the next index. */
export const staticSize = fields.length;

/** Names and values by index; index 0 is not used. */
export const staticNames: readonly string[] = ['', ...fields.map(([name]) => name)];
export const staticValues: readonly string[] = ['', ...fields.map(([, value]) => value)];

const byName = new Map<string, number>();
const byField = new Map<string, Map<string, number>>();
fields.forEach(([name, value], i) => {
  if (!byName.has(name)) byName.set(name, i + 1);
  if (value === '') return;
  const values = byField.get(name) ?? new Map<string, number>();
  byField.set(name, values.set(value, i + 1));
});

/** The first index with the name; 0 if there is none. */
export function findStaticName(name: string): number {
  return byName.get(name) ?? 0;
}

/** The index with the name and the value; 0 if there is none. */
export function findStaticField(name: string, value: string): number {
  return byField.get(name)?.get(value) ?? 0;
}
