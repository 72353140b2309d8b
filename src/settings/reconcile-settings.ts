import { setting } from './setting.ts';
import * as is from './setting-kinds.ts';

const RECONCILE = ['reconcile'] as const;

/** What a provider has to be told before it shows its bill. */
export const RECONCILE_SETTINGS = {
  openAiAdminKey: setting({
    env: 'OPENAI_ADMIN_KEY',
    kind: is.secret,
    commands: RECONCILE,
    about: "an admin key of the OpenAI organization, which reads its usage and costs; keys for calls can't",
  }),
  anthropicAdminKey: setting({
    env: 'ANTHROPIC_ADMIN_KEY',
    kind: is.secret,
    commands: RECONCILE,
    about: 'an admin key of the Anthropic organization (sk-ant-admin…), which reads its usage and cost reports',
  }),
  openRouterManagementKey: setting({
    env: 'OPENROUTER_MANAGEMENT_KEY',
    kind: is.secret,
    commands: RECONCILE,
    about: 'a management key of OpenRouter, which reads its activity',
  }),
  awsAccessKeyId: setting({
    env: 'AWS_ACCESS_KEY_ID',
    kind: is.secret,
    commands: RECONCILE,
    about: 'who asks the Cost Explorer of AWS: a key that may call ce:GetCostAndUsage',
  }),
  awsSecretAccessKey: setting({
    env: 'AWS_SECRET_ACCESS_KEY',
    kind: is.secret,
    commands: RECONCILE,
    about: 'the secret of AWS_ACCESS_KEY_ID',
  }),
  awsSessionToken: setting({
    env: 'AWS_SESSION_TOKEN',
    kind: is.secret,
    commands: RECONCILE,
    about: 'the token that belongs to keys of AWS for a limited time',
  }),
  providerUrl: setting({
    env: 'PROVIDER_URL',
    kind: is.httpUrl,
    commands: RECONCILE,
    about: "where the provider's API is, for a proxy in front of it; absent: its own address",
  }),
};
