import type { IncomingMessage } from 'node:http';
import type { BodyLease } from './body-budget.ts';
import { GrowingBytes } from './growing-bytes.ts';
import { Problem } from './problem.ts';

/**
 * The body as it is sent. Of a body that is refused, or whose sender is gone, nothing is held.
 *
 * @throws {Problem} 413 beyond `bytesMax`, 503 without room in the budget, 400 for one that broke off
 */
export function collectBody(request: IncomingMessage, bytesMax: number, lease: BodyLease): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? Number.NaN);
  if (announced > bytesMax) return Promise.reject(bodyTooLarge(bytesMax));
  return new Promise((resolve, reject) => {
    const bytes = new GrowingBytes(lease, announced > 0 ? announced : bytesMax);
    const settle = (result: () => void): void => {
      request.off('data', onData).off('end', onEnd).off('close', onBroken).off('error', onBroken);
      // Without a listener an error of the connection would end the process.
      request.on('error', () => undefined);
      result();
    };
    const onData = (part: Buffer): void => {
      try {
        if (bytes.length + part.length > bytesMax) throw bodyTooLarge(bytesMax);
        bytes.add(part);
      } catch (problem) {
        lease.release();
        settle(() => reject(problem));
        // What still comes is thrown away, or the sender would never read the answer.
        request.resume();
      }
    };
    const onEnd = (): void => settle(() => resolve(bytes.take()));
    const onBroken = (): void => settle(() => reject(new Problem(400, 'The body ended before its announced length')));
    request.on('data', onData).on('end', onEnd).on('close', onBroken).on('error', onBroken);
  });
}

function bodyTooLarge(bytesMax: number): Problem {
  return new Problem(413, `The body is larger than this endpoint takes: ${bytesMax} bytes`);
}
