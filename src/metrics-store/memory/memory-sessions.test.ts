import { sessionsContract } from '../sessions.contract.ts';
import { MemorySessions } from './memory-sessions.ts';

sessionsContract({ name: 'Memory', open: async () => new MemorySessions() });
