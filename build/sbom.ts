import type { Architecture } from './architecture.ts';
import type { Component } from './components.ts';
import type { Version } from './version.ts';

/** A software bill of materials, CycloneDX 1.5 as JSON; no serial number, so that the same input gives the same bytes. */
export function renderSbom(source: Version, architecture: Architecture, components: readonly Component[]): string {
  const own = `pkg:deb/criproxy@${source.version}?arch=${architecture}`;
  const sbom = {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      timestamp: new Date(source.epoch * 1000).toISOString().replace('.000Z', 'Z'),
      component: {
        type: 'application',
        'bom-ref': own,
        name: 'criproxy',
        version: source.version,
        licenses: [{ license: { id: 'Apache-2.0' } }],
        purl: own,
        properties: [{ name: 'git:commit', value: source.commit }],
      },
    },
    components: components.map(({ name, version, licence, purl }) => ({
      type: name === 'Node.js' ? 'platform' : 'library',
      'bom-ref': purl,
      name,
      version,
      licenses: [{ license: { id: licence } }],
      purl,
    })),
    dependencies: [{ ref: own, dependsOn: components.map(({ purl }) => purl) }],
  };
  return `${JSON.stringify(sbom, null, 2)}\n`;
}
