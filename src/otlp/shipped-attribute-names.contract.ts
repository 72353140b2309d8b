import { readSettings } from '../settings/read-settings.ts';
import type { AttributeNames } from './to-events/tenant-and-route.ts';

const { tenantAttributes: tenant, routeAttributes: route } = readSettings('up', { flags: {}, env: {} });

/** The names that the program ships with, from the table of settings, so that tests run with them and no others. */
export const SHIPPED_ATTRIBUTE_NAMES: AttributeNames = { tenant, route };
