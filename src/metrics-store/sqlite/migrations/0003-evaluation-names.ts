/** The names of evaluations and their labels, of which a tenant has a bounded number. */
export const EVALUATION_NAMES = `
CREATE TABLE evaluation_names (
  tenant_key INTEGER NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (tenant_key, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE evaluation_labels (
  tenant_key INTEGER NOT NULL,
  name TEXT NOT NULL,
  label TEXT NOT NULL,
  PRIMARY KEY (tenant_key, name, label)
) STRICT, WITHOUT ROWID;
`;
