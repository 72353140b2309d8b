/**
 * How long what stands behind the `?` of the dashboard's address may be where somebody begins to sign in. A cookie
 * keeps it until they come back, well below the 4,096 bytes that browsers keep.
 */
export const VIEW_LENGTH_MAX = 2000;
