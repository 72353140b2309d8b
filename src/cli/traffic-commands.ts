import type { Command as CommanderCommand } from 'commander';

export function addTrafficCommands(_program: CommanderCommand): void {}
