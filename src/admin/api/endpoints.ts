import type { FaultAdded, FaultRequest, FaultsAnswer, FaultsCleared } from './fault-report.ts';
import type { ForgetAnswer, ForgetRequest } from './forget-answer.ts';
import type { LogLevelAnswer, LogLevelRequest } from './log-level-answer.ts';
import type { PlaceAnswer, PlaceRequest, RetireAnswer, RetireRequest } from './placement-answer.ts';
import type { ReloadReport } from './reload-report.ts';
import type { StatusReport } from './status-report.ts';

/**
 * The endpoints that answer in JSON: the names of their query's values, the body of a request, the answer. Routes and clients are held
 * against it. Beside them are GET /v1/trace, whose lines are TraceLine, and GET /metrics, which is text.
 */
export interface AdminApi {
  'GET /v1/status': { query: 'ask'; body: undefined; answer: StatusReport };
  'GET /v1/log-level': { query: never; body: undefined; answer: LogLevelAnswer };
  'PUT /v1/log-level': { query: never; body: LogLevelRequest; answer: LogLevelAnswer };
  'POST /v1/reload': { query: never; body: undefined; answer: ReloadReport };
  'POST /v1/forget': { query: never; body: ForgetRequest; answer: ForgetAnswer };
  'POST /v1/place': { query: never; body: PlaceRequest; answer: PlaceAnswer };
  'POST /v1/retire': { query: never; body: RetireRequest; answer: RetireAnswer };
  'GET /v1/faults': { query: never; body: undefined; answer: FaultsAnswer };
  'POST /v1/faults': { query: never; body: FaultRequest; answer: FaultAdded };
  'DELETE /v1/faults': { query: 'id'; body: undefined; answer: FaultsCleared };
}
