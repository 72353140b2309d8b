import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SettingError } from '../settings/read-settings.ts';
import { checkReadable } from './readable-file.ts';

test('a file that is not there, or is a directory, is named with its flag', () => {
  checkReadable('<file>', import.meta.filename);
  const refusal = (path: string) => {
    try {
      checkReadable('--mapping', path);
    } catch (error) {
      assert.ok(error instanceof SettingError);
      return error.message;
    }
    return 'taken';
  };
  assert.equal(refusal('/nope'), '--mapping must be a file that can be read; got /nope: it is not there');
  assert.match(refusal(import.meta.dirname), /it is a directory$/);
});
