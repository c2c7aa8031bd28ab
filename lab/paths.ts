import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { LabError } from "./machines/errors";

/** Where everything of one lab lies. */
export interface LabPaths {
  readonly name: string;
  /** The network namespace that is the lab's region: its router, taps and bridges. */
  readonly namespace: string;
  /** The folder of all labs' states. */
  readonly root: string;
  /** The lab's own folder (0700). Nothing of the lab is kept outside it and {@link LabPaths.run}. */
  readonly state: string;
  /** Who runs, where it listens, the token. See `daemon/record.ts`. */
  readonly daemonFile: string;
  /** The daemon's own socket: for the `linode-lab` command only. */
  readonly controlSocket: string;
  readonly log: string;
  readonly store: string;
  readonly disks: string;
  readonly machines: string;
  /** What Linodes mailed, a JSON line each. */
  readonly mail: string;
  /** What faults are at work. */
  readonly faults: string;
  /** The host keys that guests reported on their consoles. */
  readonly hostKeys: string;
  readonly knownHosts: string;
  /** The operator's login key; its public half is beside it (`.pub`). */
  readonly operatorKey: string;
  /** The name server's zones. */
  readonly names: string;
  /** What the certificate authority needs. */
  readonly authority: string;
  /** Pulumi's file backend. */
  readonly pulumi: string;
  /** Sockets of running guests. */
  readonly run: string;
}

/** What all labs of a user share. */
export interface CachePaths {
  readonly root: string;
  /** The lab's own Pulumi home (`PULUMI_HOME`), never the user's. */
  readonly pulumiHome: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Of Pebble: as in `engine/acme/go.mod`. */
export const AUTHORITY_VERSION = "v2.10.1";

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,22}[a-z0-9])?$/;

/** The lab that a command means: `--lab`, else LINODE_LAB, else `default`. */
export function labName(option: string | undefined, env: Environment = process.env): string {
  const name = option ?? nonEmpty(env.LINODE_LAB) ?? "default";
  if (!NAME.test(name)) {
    throw new LabError(
      `${JSON.stringify(name)} is not a name for a lab (${option === undefined ? "LINODE_LAB" : "--lab"}).`,
      {
        hint: "Use 1 to 24 lower-case letters, digits and inner hyphens, for example `--lab rehearsal`.",
      },
    );
  }
  return name;
}

/** The places of a lab. `LINODE_LAB_STATE` moves them. */
export function labPaths(name: string, env: Environment = process.env): LabPaths {
  const root = folder(env.LINODE_LAB_STATE, env.XDG_STATE_HOME, ".local/state", env);
  const state = join(root, name);
  const namespace = `linode-${name}`;
  return {
    name,
    namespace,
    root,
    state,
    daemonFile: join(state, "daemon.json"),
    controlSocket: join(state, "control.sock"),
    log: join(state, "daemon.log"),
    store: join(state, "store"),
    disks: join(state, "disks"),
    machines: join(state, "machines"),
    mail: join(state, "mail.jsonl"),
    faults: join(state, "faults.json"),
    hostKeys: join(state, "host-keys"),
    knownHosts: join(state, "known_hosts"),
    operatorKey: join(state, "operator_ed25519"),
    names: join(state, "names"),
    authority: join(state, "authority"),
    pulumi: join(state, "pulumi"),
    run: join("/run/linode-lab", namespace),
  };
}

/** The places that all labs share. `LINODE_LAB_CACHE` moves them. */
export function cachePaths(env: Environment = process.env): CachePaths {
  const root = folder(env.LINODE_LAB_CACHE, env.XDG_CACHE_HOME, ".cache", env);
  return { root, pulumiHome: join(root, "pulumi-home") };
}

/** The program of the labs' certificate authority, of this version. */
export const authorityProgram = (cache: CachePaths): string =>
  join(cache.root, "authority", AUTHORITY_VERSION, "pebble");

/** A variable that is set to nothing is not set. */
const nonEmpty = (value: string | undefined): string | undefined => (value === "" ? undefined : value);

function folder(own: string | undefined, xdg: string | undefined, fallback: string, env: Environment): string {
  if (own) return resolve(own);
  return join(nonEmpty(xdg) ?? join(nonEmpty(env.HOME) ?? homedir(), fallback), "linode-lab");
}
