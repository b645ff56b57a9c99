import { redactUrls } from '../base/redact-urls.ts';

/** Single values of a configuration file, with the flag that says the same and how its text is shown as the file's value. */
export const configScalars = [
  { key: 'listen', flag: 'listen', read: String },
  { key: 'logLevel', flag: 'v', read: Number },
  { key: 'ids', flag: 'ids', read: String },
  { key: 'imageNames', flag: 'imageNames', read: String },
  { key: 'imageFs', flag: 'imageFs', read: String },
  { key: 'streamUrl', flag: 'streamUrl', read: String },
  { key: 'streamPort', flag: 'streamPort', read: Number },
  { key: 'listTimeout', flag: 'listTimeout', read: String },
  { key: 'maxSnapshotAge', flag: 'maxSnapshotAge', read: String },
  { key: 'stateDir', flag: 'stateDir', read: String },
  { key: 'adminSocket', flag: 'adminSocket', read: String },
  { key: 'metrics', flag: 'metrics', read: String },
  { key: 'otlp', flag: 'otlp', read: redactUrls },
  { key: 'logFormat', flag: 'logFormat', read: String },
  { key: 'enableFaults', flag: 'enableFaults', read: (text: string) => text === 'true' },
] as const;
