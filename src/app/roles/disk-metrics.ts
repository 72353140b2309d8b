import { statfs } from 'node:fs/promises';
import type { MetricSource } from '../../exposition/metric-family.ts';

/** How much room the disk of the data directory has. */
export function diskMetrics(directory: string): MetricSource {
  return {
    async families() {
      const { bavail, blocks, bsize } = await statfs(directory);
      return [
        {
          name: 'streamlens_disk_free_bytes',
          help: 'Free bytes on the disk of the data directory',
          type: 'gauge',
          series: [{ labels: {}, value: bavail * bsize }],
        },
        {
          name: 'streamlens_disk_size_bytes',
          help: 'Size of the disk of the data directory',
          type: 'gauge',
          series: [{ labels: {}, value: blocks * bsize }],
        },
      ];
    },
  };
}
