import type { Logger } from '../../http/logger.ts';
import { ServerCertificate } from '../../http/server-certificate.ts';
import { SettingError } from '../../settings/read-settings.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';

/**
 * The certificate of the program's servers, read again when its files change; undefined where they speak without TLS.
 *
 * @throws {SettingError} when the files cannot be used
 */
export function openCertificate(
  { tlsCert, tlsKey }: Pick<SettingsOf<'up'>, 'tlsCert' | 'tlsKey'>,
  logger: Logger,
): ServerCertificate | undefined {
  if (tlsCert === undefined || tlsKey === undefined) return undefined;
  const certificate = readCertificate(tlsCert, tlsKey);
  certificate.watch({
    onReload: (about) => logger.info(`Read the certificate again: ${about}`),
    onError: ({ message }) => logger.error(`The certificate before stays: ${message}`),
  });
  logger.info(`The certificate is for ${certificate.about}`);
  return certificate;
}

function readCertificate(certPath: string, keyPath: string): ServerCertificate {
  try {
    return new ServerCertificate({ certPath, keyPath });
  } catch (error) {
    throw new SettingError(
      `TLS_CERT and TLS_KEY must be files with a certificate and its key: ${(error as Error).message}`,
    );
  }
}
