import { setting } from './setting.ts';
import * as is from './setting-kinds.ts';

/** Who gets in, for how long, and how much he may send. */
export const DOOR_SETTINGS = {
  apiKeys: setting({
    env: 'API_KEYS',
    kind: is.oneOf('off', 'required'),
    fallback: 'off',
    commands: ['up', 'ingestion-api', 'metrics-api', 'doctor'],
    about: 'whether senders and readers need an API key (streamlens keys create)',
  }),
  sessionLifetimeMs: setting({
    env: 'SESSION_LIFETIME',
    kind: is.duration(60_000, 90 * 86_400_000),
    fallback: '7d',
    commands: ['up', 'metrics-api'],
    about: 'how long who signed in at the dashboard stays signed in, at most',
  }),
  rateLimit: setting({
    env: 'RATE_LIMIT',
    kind: is.limit(1, 10_000_000),
    fallback: 'off',
    commands: ['up', 'ingestion-api'],
    about: 'events a second per API key, or per sender address without keys; beyond it 429 with Retry-After',
  }),
  rateLimitBytes: setting({
    env: 'RATE_LIMIT_BYTES',
    kind: is.limit(1_000, 10_000_000_000),
    fallback: 'off',
    commands: ['up', 'ingestion-api'],
    about: 'bytes a second per API key, or per sender address without keys, as they are sent',
  }),
  tenantRateLimit: setting({
    env: 'TENANT_RATE_LIMIT',
    kind: is.limit(1, 10_000_000),
    fallback: 'off',
    commands: ['up', 'ingestion-api'],
    about: 'events a second of a tenant, by all keys together that are for it and not for every tenant',
  }),
  tenantRateLimitBytes: setting({
    env: 'TENANT_RATE_LIMIT_BYTES',
    kind: is.limit(1_000, 10_000_000_000),
    fallback: 'off',
    commands: ['up', 'ingestion-api'],
    about: 'bytes a second of a tenant, likewise',
  }),
  publicUrl: setting({
    env: 'PUBLIC_URL',
    kind: is.httpUrl,
    commands: ['up', 'metrics-api'],
    about: 'where browsers reach the dashboard; needed with OIDC_ISSUER, which sends them back there',
  }),
  oidcIssuer: setting({
    env: 'OIDC_ISSUER',
    kind: is.httpUrl,
    commands: ['up', 'metrics-api'],
    about: 'OpenID Connect provider at which people sign in to the dashboard, beside API keys',
  }),
  oidcClientId: setting({
    env: 'OIDC_CLIENT_ID',
    kind: is.text,
    commands: ['up', 'metrics-api'],
    about: 'as whom the provider knows this dashboard',
  }),
  oidcClientSecret: setting({
    env: 'OIDC_CLIENT_SECRET',
    kind: is.secret,
    commands: ['up', 'metrics-api'],
    about: 'the secret of that client; without one it is a public client',
  }),
  oidcScopes: setting({
    env: 'OIDC_SCOPES',
    kind: is.text,
    fallback: 'openid email',
    commands: ['up', 'metrics-api'],
    about: 'what the provider is asked for',
  }),
  oidcRolesClaim: setting({
    env: 'OIDC_ROLES_CLAIM',
    kind: is.text,
    fallback: 'streamlens_roles',
    commands: ['up', 'metrics-api'],
    about: 'claim of the ID token with the roles (ingest, read, admin), or with names that OIDC_ROLE_MAP knows',
  }),
  oidcRoleMap: setting({
    env: 'OIDC_ROLE_MAP',
    kind: is.list,
    commands: ['up', 'metrics-api'],
    about: 'roles by what stands in that claim, such as sre=admin,finance=read',
  }),
  oidcTenantsClaim: setting({
    env: 'OIDC_TENANTS_CLAIM',
    kind: is.text,
    fallback: 'streamlens_tenants',
    commands: ['up', 'metrics-api'],
    about: 'claim of the ID token with the tenants; * is every tenant',
  }),
} as const;
