import { apiKeysContract } from '../api-keys.contract.ts';
import { MemoryApiKeys } from './memory-api-keys.ts';

apiKeysContract({ name: 'Memory', open: async () => new MemoryApiKeys() });
