import type { AdminRoute } from '../../admin/admin-route.ts';
import type { MetricsSource } from './metrics.ts';

/** GET /metrics: Prometheus' text format. */
export function metricsRoutes(metrics: MetricsSource): readonly AdminRoute[] {
  return [
    {
      method: 'GET',
      path: '/metrics',
      async handle() {
        return { kind: 'text', ...(await metrics.render()) };
      },
    },
  ];
}
