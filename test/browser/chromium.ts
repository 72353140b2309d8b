import { existsSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { skipFor } from '../../scripts/services/available-services.ts';
import { PATIENCE_MS } from '../end-to-end/patience.ts';

/** Debian's; `CHROMIUM` names another one. */
const EXECUTABLE = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** For a browser that runs as root, without a graphics card, and asks nobody on the network. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** For node:test's `skip`. @throws as `skipFor` does */
export function skipWithoutChromium(): string | false {
  if (existsSync(EXECUTABLE)) return false;
  return skipFor(`no browser: there is no ${EXECUTABLE} (apt-get install chromium)`);
}

export interface BrowserWindow {
  readonly page: Page;
  /** Errors of scripts, and whatever the content security policy stopped. */
  readonly complaints: readonly string[];
}

/** A page of a browser of its own, which goes with the test. */
export async function openWindow(t: TestContext, options: BrowserContextOptions = {}): Promise<BrowserWindow> {
  const browser: Browser = await chromium.launch({ executablePath: EXECUTABLE, args: FLAGS });
  t.after(() => browser.close());
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    timezoneId: 'UTC',
    locale: 'en-GB',
    ...options,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) complaints.push(message.text());
  });
  return { page, complaints };
}
