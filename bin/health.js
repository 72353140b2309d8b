// `streamlens health`: a probe that is asked every few seconds. It loads nothing of the program and does not start Node a second time.
import { get as getHttp } from 'node:http';

const ANSWER_MS_MAX = 4000;

/** @param args `[--ready] [url]`. Sets the exit code: 0 for a status of 2xx, 1 for any other and for no answer. */
export async function health(args) {
  const path = args.includes('--ready') ? '/ready' : '/health';
  const given = args.find((arg) => !arg.startsWith('-'));
  const base = given ?? `${speaksTls() ? 'https' : 'http'}://127.0.0.1:${ownPort()}`;
  let url;
  try {
    url = new URL(base.endsWith(path) ? base : `${base.replace(/\/+$/, '')}${path}`);
    if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new Error();
  } catch {
    process.stderr.write(`streamlens: health takes an http:// or https:// URL; got ${JSON.stringify(base)}\n`);
    process.exitCode = 2;
    return;
  }
  // TLS is loaded only where it is spoken. The certificate is for other names than this machine's own address, and whoever asks
  // itself whether it lives sends no secret.
  const get = url.protocol === 'https:' ? (await import('node:https')).get : getHttp;
  const options = { agent: false, timeout: ANSWER_MS_MAX, rejectUnauthorized: given !== undefined };
  const asked = get(url, options, (answer) => {
    const isOk = answer.statusCode >= 200 && answer.statusCode < 300;
    process.exitCode = isOk ? 0 : 1;
    answer.pipe(isOk ? process.stdout : process.stderr);
  });
  asked.on('timeout', () => asked.destroy(new Error(`no answer within ${ANSWER_MS_MAX / 1000} s`)));
  asked.on('error', (error) => {
    process.stderr.write(`streamlens: ${url.href}: ${error.message || error.code}\n`);
    process.exitCode = 1;
  });
}

/** Of the role that this container runs; of `up`, the port of the metrics API, whose `/ready` looks at everything. */
function ownPort() {
  for (const name of ['HTTP_PORT', 'METRICS_PORT']) {
    const port = process.env[`STREAMLENS_${name}`] || process.env[name] || '';
    if (/^\d+$/.test(port)) return port;
  }
  return '8081';
}

function speaksTls() {
  return ['STREAMLENS_TLS_CERT', 'TLS_CERT'].some((name) => (process.env[name] ?? '') !== '');
}
