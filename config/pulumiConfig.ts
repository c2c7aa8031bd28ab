/** Keys whose value is text and not a document. */
const PLAIN_KEYS: ReadonlySet<string> = new Set(["system", "fencingToken", "dnsToken", "siteAdminPassword"]);

/**
 * The project's own part of a stack's configuration as one document.
 *
 * @param all what `pulumi.runtime.allConfig()` returns: every key with its namespace, every value as text
 * @param project the namespace, which is the project's name
 */
export function projectConfig(all: Readonly<Record<string, string>>, project: string): Record<string, unknown> {
  const prefix = `${project}:`;
  return Object.fromEntries(
    Object.entries(all)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => {
        const name = key.slice(prefix.length);
        return [name, PLAIN_KEYS.has(name) ? value : document(value)];
      }),
  );
}

function document(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    // Left as text, which the schema then refuses with the field's path.
    return value;
  }
}
