/** Building the labs' certificate authority from its Go module, pinned in this package. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "fs";
import { dirname, join } from "path";

import { buildOne, requireGo } from "./build";
import { withLock } from "./lock";

const LOCK_MS = 30 * 60_000;
const PEBBLE = { program: "pebble", module: "acme", package: "github.com/letsencrypt/pebble/v2/cmd/pebble" } as const;

/** What {@link ensureAuthority} needs. */
export interface EnsureAuthorityOptions {
  /** Folder for the lock and build logs. */
  readonly cacheDir: string;
  /** Where the program belongs. */
  readonly program: string;
  readonly progress: (line: string) => void;
}

/** Makes the program exist. A second call only looks. */
export async function ensureAuthority({ cacheDir, program, progress }: EnsureAuthorityOptions): Promise<void> {
  if (existsSync(program)) return;
  const folder = dirname(program);
  await withLock(join(cacheDir, "engine", "authority.lock"), { timeoutMs: LOCK_MS, progress }, async () => {
    // Whoever held the lock may have done it.
    if (existsSync(program)) return;
    await requireGo("Certificates cannot be issued in the lab", "Install Go (https://go.dev/dl) and run this again.");
    mkdirSync(dirname(folder), { recursive: true });
    const temporary = mkdtempSync(`${folder}.`);
    try {
      progress("building Pebble from its Go module");
      await buildOne(PEBBLE, temporary, join(cacheDir, "engine"), () => undefined);
      rmSync(folder, { recursive: true, force: true });
      renameSync(temporary, folder);
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  });
}
