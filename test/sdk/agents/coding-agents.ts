import type { CodingAgent } from './agent-run.ts';

const SAY = 'Say hello';
const LIST = { path: '.', dir_path: '.' } as const;

export const CLAUDE_CODE: CodingAgent = {
  name: 'Claude Code',
  heading: 'Coding agents / Claude Code',
  source: 'claude-code',
  tool: { name: 'Bash', input: { command: 'echo hi', description: 'Says hi' } },
  isRetryTold: false,
  isEndTold: true,
  command: ['claude', '-p', SAY, '--allowedTools', 'Bash'],
  server: null,
  settingsFile: null,
  settings: () => '',
  env: (modelUrl) => ({
    ANTHROPIC_BASE_URL: modelUrl,
    ANTHROPIC_API_KEY: 'sk-ant-fake',
    ANTHROPIC_MODEL: 'claude-sonnet-4-5',
    // By default it tries for minutes.
    CLAUDE_CODE_MAX_RETRIES: '2',
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  }),
};

export const CODEX: CodingAgent = {
  name: 'Codex',
  heading: 'Coding agents / Codex',
  source: 'codex',
  tool: { name: 'shell', input: { command: ['echo', 'hi'] } },
  isRetryTold: true,
  // `codex exec` that fails ends without its last export.
  isEndTold: false,
  command: ['codex', 'exec', '--skip-git-repo-check', SAY],
  server: null,
  settingsFile: '.codex/config.toml',
  settings: (modelUrl) => `model = "gpt-5-codex"
model_provider = "fake"
[model_providers.fake]
name = "fake"
base_url = "${modelUrl}/v1"
env_key = "OPENAI_API_KEY"
wire_api = "responses"
`,
  env: (_modelUrl, home) => ({ OPENAI_API_KEY: 'sk-fake', CODEX_HOME: `${home}/.codex` }),
};

export const GEMINI_CLI: CodingAgent = {
  name: 'Gemini CLI',
  heading: 'Coding agents / Gemini CLI',
  source: 'gemini',
  tool: { name: 'list_directory', input: LIST },
  isRetryTold: true,
  isEndTold: true,
  command: ['gemini', '-p', SAY, '-y', '-m', 'gemini-2.5-pro'],
  server: null,
  settingsFile: '.gemini/settings.json',
  settings: () => JSON.stringify({ security: { auth: { selectedType: 'gemini-api-key' } } }),
  env: (modelUrl) => ({
    GEMINI_API_KEY: 'fake',
    GOOGLE_GEMINI_BASE_URL: modelUrl,
    GEMINI_CLI_TRUST_WORKSPACE: 'true',
  }),
};

export const QWEN_CODE: CodingAgent = {
  name: 'Qwen Code',
  heading: 'Coding agents / Qwen Code',
  source: 'qwen',
  tool: { name: 'list_directory', input: LIST },
  isRetryTold: false,
  isEndTold: true,
  command: ['qwen', '-p', SAY, '-y'],
  server: null,
  settingsFile: '.qwen/settings.json',
  settings: () => JSON.stringify({ security: { auth: { selectedType: 'openai' } } }),
  env: (modelUrl) => ({
    OPENAI_API_KEY: 'fake',
    OPENAI_BASE_URL: `${modelUrl}/v1`,
    OPENAI_MODEL: 'gpt-5-mini',
  }),
};

export const OPENCODE: CodingAgent = {
  name: 'OpenCode',
  heading: 'Coding agents / OpenCode',
  source: 'opencode',
  tool: { name: 'bash', input: { command: 'echo hi', description: 'Says hi' } },
  isRetryTold: true,
  isEndTold: true,
  command: ['opencode', 'run', SAY],
  // By itself `opencode run` ends without its last export.
  server: { command: ['opencode', 'serve'], attached: (url) => ['--attach', url] },
  settingsFile: '.config/opencode/opencode.json',
  settings: (modelUrl) =>
    JSON.stringify({
      model: 'fake/gpt-5-mini',
      provider: {
        fake: {
          npm: '@ai-sdk/openai-compatible',
          options: { baseURL: `${modelUrl}/v1`, apiKey: 'fake' },
          models: { 'gpt-5-mini': {} },
        },
      },
    }),
  env: () => ({}),
};

export const CODING_AGENTS: readonly CodingAgent[] = [CLAUDE_CODE, CODEX, GEMINI_CLI, QWEN_CODE, OPENCODE];
