import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** `npm run bench -- <question> [options]`: runs one question; without one it lists them. */
const [question, ...rest] = process.argv.slice(2);
const questions = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith('.ts') && file !== 'bench.ts')
  .map((file) => file.slice(0, -3));

if (question === undefined || !questions.includes(question)) {
  console.error(`Usage: npm run bench -- <question> [options]\nQuestions: ${questions.join(', ')}`);
  process.exitCode = question === undefined ? 0 : 2;
} else {
  const script = fileURLToPath(new URL(`${question}.ts`, import.meta.url));
  const child = spawn(process.execPath, [script, ...rest], { stdio: 'inherit' });
  child.on('exit', (code) => process.exit(code ?? 1));
}
