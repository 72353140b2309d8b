import { deadLetterReplaysContract } from '../dead-letter-replays.contract.ts';
import { MemoryDeadLetterReplays } from './memory-dead-letter-replays.ts';

deadLetterReplaysContract({ name: 'Memory', open: async () => new MemoryDeadLetterReplays() });
