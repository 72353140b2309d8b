import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { apiKeysContract } from '../api-keys.contract.ts';
import { deadLetterReplaysContract } from '../dead-letter-replays.contract.ts';
import { sessionsContract } from '../sessions.contract.ts';
import { migrateSqlite } from './migrate-sqlite.ts';
import { openSqliteApiKeys } from './sqlite-api-keys.ts';
import { openSqliteDeadLetterReplays } from './sqlite-dead-letter-replays.ts';
import { openSqliteSessions } from './sqlite-sessions.ts';

const directory = mkdtempSync(join(tmpdir(), 'streamlens-keys-'));
after(() => rmSync(directory, { recursive: true, force: true }));

let files = 0;
const newPath = (): string => join(directory, `store-${files++}.db`);

apiKeysContract({ name: 'SQLite', open: async () => openSqliteApiKeys({ path: newPath() }) });

sessionsContract({ name: 'SQLite', open: async () => openSqliteSessions({ path: newPath() }) });

deadLetterReplaysContract({
  name: 'SQLite',
  open: async () => {
    const path = newPath();
    migrateSqlite(path);
    return openSqliteDeadLetterReplays({ path });
  },
});
