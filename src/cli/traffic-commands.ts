import type { Command as CommanderCommand } from 'commander';
import { checkReadable } from './readable-file.ts';
import { addSettingOptions, settingsFrom } from './setting-options.ts';

export function addTrafficCommands(program: CommanderCommand): void {
  const generate = program.command('generate-traffic').description('makes up realistic sample traffic and sends it');
  addSettingOptions(generate, 'generate-traffic').action(async (options: Record<string, unknown>) => {
    const settings = settingsFrom('generate-traffic', options);
    const { generateTraffic } = await import('../commands/traffic/generate-traffic.ts');
    const report = await generateTraffic({
      target: settings,
      requests: settings.requests,
      rate: settings.trafficRate,
      tenants: settings.trafficTenants,
      batch: settings.trafficBatch,
      seed: settings.trafficSeed,
      signal: stopSignal(),
    });
    process.stdout.write(report);
  });
  const replay = program
    .command('replay-trace')
    .description('replays Azure LLM inference traces (TIMESTAMP,ContextTokens,GeneratedTokens) as events')
    .argument('<file...>', 'CSV files of Azure/AzurePublicDataset');
  addSettingOptions(replay, 'replay-trace').action(async (files: string[], options: Record<string, unknown>) => {
    const settings = settingsFrom('replay-trace', options);
    for (const file of files) checkReadable('<file>', file);
    const { replayTrace } = await import('../commands/traffic/replay-trace.ts');
    const report = await replayTrace({
      files,
      target: settings,
      tenant: settings.traceTenant,
      route: settings.traceRoute,
      model: settings.traceModel,
      batch: settings.trafficBatch,
      signal: stopSignal(),
    });
    process.stdout.write(report);
  });
}

/** The first Ctrl-C ends the sending and shows what was sent; the second ends the program. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}
