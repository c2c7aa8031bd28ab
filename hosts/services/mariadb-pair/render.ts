import { z } from "zod";
import { asset, assetPath } from "../../assets";
import { type AbsolutePath, baseResult, type HostFile, type HostRole, secretPlaceholder } from "../../contract";
import { shellLines } from "../common/render";
import { type MariadbPairParams, mariadbTls, pairSettings, renderMariadbPair, sidesOf } from "./config";

/** The passwords that the two servers and their application share: letters and digits. */
export const mariadbPairSecrets = {
  replication: "mariadb-replication",
  health: "mariadb-health",
  site: "mariadb-password",
} as const;

const programs = "/usr/local/lib/linode-ha/mariadb";
const passwordFile: AbsolutePath = "/etc/linode-ha/mariadb-replication.password";

/** What the first step needs: the server without its peer. */
export interface MariadbServerSideParams extends MariadbPairParams {
  /** Any text; a changed one makes a new key and certificate. */
  readonly certificateRound: string;
  /** How long a certificate is valid, in days. */
  readonly certificateDays: number;
}

const serverResult = baseResult.extend({
  data: z.enum(["created", "kept"]).optional(),
  /** The node's own certificate, in PEM form. Public. */
  certificate: z.string().optional(),
  /** The public SSH key with which the node asks its peer for a copy. */
  copyKey: z.string().optional(),
  /** The public key of the node's sshd. */
  hostKey: z.string().optional(),
  /** Whether the running server goes on with former settings until a person restarts it. */
  restartPending: z.boolean().optional(),
});

/** What the step of a server answers: all that its peer must know of it, and nothing secret. */
export type MariadbServerSide = z.infer<typeof serverResult>;

const executable = (name: string): HostFile => ({ mode: "0755", content: asset(`services/mariadb-pair/${name}.sh`) });

/** Packages, settings, data, key and certificate of one server, and the server itself. */
export const mariadbServerSideRole: HostRole<MariadbServerSideParams, MariadbServerSide> = {
  name: "services-mariadb-pair",
  packages: ["mariadb-backup", "mariadb-client", "mariadb-server", "openssh-client", "openssl"],
  script: assetPath("services/mariadb-pair/server.sh"),
  libraries: ["mariadb"],
  secrets: [],
  result: serverResult,
  files: (params) => ({
    "/etc/mysql/mariadb.conf.d/90-linode-ha.cnf": { mode: "0644", content: renderMariadbPair(params) },
    "/etc/linode-ha/mariadb-pair": { mode: "0644", content: shellLines(pairSettings(params)) },
    "/etc/systemd/system/mariadb.service.d/linode-ha.conf": { mode: "0644", content: serverDropIn(params) },
    [`${programs}/common.sh`]: { mode: "0644", content: asset("lib/mariadb.sh") },
    [`${programs}/guard`]: executable("guard"),
    [`${programs}/donor`]: executable("donor"),
    [`${programs}/copy`]: executable("copy"),
    [`${programs}/replicate`]: executable("replicate"),
    "/usr/local/sbin/mariadb-reseed": executable("reseed"),
    ...(params.topology === "replica" ? { "/usr/local/sbin/mariadb-take-over": executable("take-over") } : {}),
  }),
  variables: ({ certificateRound, certificateDays }) => ({
    CERTIFICATE_ROUND: certificateRound,
    CERTIFICATE_DAYS: `${certificateDays}`,
  }),
};

function serverDropIn({ mounted, base }: MariadbPairParams): string {
  return [
    ...(mounted ? ["[Unit]", `RequiresMountsFor=${base}`, ""] : []),
    "[Service]",
    // With full rights: the server's own user may not see the mark.
    `ExecStartPre=+${programs}/guard`,
    "",
  ].join("\n");
}

/** What one server must know of the other. All of it public but the passwords. */
export interface MariadbTrustParams extends MariadbPairParams {
  readonly own: Pick<MariadbServerSide, "certificate">;
  readonly peer: Pick<MariadbServerSide, "certificate" | "copyKey" | "hostKey">;
}

/** The peer's certificate and keys, and the passwords with which the two meet. */
export const mariadbTrustRole: HostRole<MariadbTrustParams, z.infer<typeof baseResult>> = {
  name: "services-mariadb-trust",
  packages: [],
  script: assetPath("services/mariadb-pair/trust.sh"),
  libraries: ["mariadb"],
  secrets: [mariadbPairSecrets.replication, mariadbPairSecrets.health],
  result: baseResult,
  files: (params) => {
    const { peer } = sidesOf(params);
    const [own, theirs] = [pem("own", params.own.certificate), pem("peer's", params.peer.certificate)];
    return {
      [`${mariadbTls}/peer.crt`]: { mode: "0644", content: theirs },
      [`${mariadbTls}/trusted.crt`]: { mode: "0644", content: `${own}${theirs}` },
      "/etc/ssh/sshd_config.d/60-linode-ha-mariadb.conf": { mode: "0644", content: sshdRule(peer.address) },
      "/etc/linode-ha/mariadb-peer.keys": {
        mode: "0644",
        content: `restrict,from="${peer.address}",command="${programs}/donor" ${publicKey(params.peer.copyKey)} mariadb-copy@${peer.name}\n`,
      },
      "/etc/linode-ha/mariadb-peer.known": {
        mode: "0644",
        content: `${peer.address} ${publicKey(params.peer.hostKey)}\n`,
      },
      [passwordFile]: {
        mode: "0600",
        content: `${secretPlaceholder(mariadbPairSecrets.replication)}\n`,
        secret: mariadbPairSecrets.replication,
      },
      "/etc/linode-ha/mariadb-health.cnf": {
        mode: "0600",
        content: healthClient(),
        secret: mariadbPairSecrets.health,
      },
    };
  },
  variables: () => ({}),
};

function sshdRule(peerAddress: string): string {
  return [
    "# The peer's MariaDB may ask for a copy of the data: one key, from one address, for one program.",
    `Match User root Address ${peerAddress}`,
    "    AuthorizedKeysFile .ssh/authorized_keys .ssh/authorized_keys2 /etc/linode-ha/mariadb-peer.keys",
    "",
  ].join("\n");
}

function healthClient(): string {
  return [
    "[client]",
    "user = ha_health",
    `password = ${secretPlaceholder(mariadbPairSecrets.health)}`,
    `ssl-ca = ${mariadbTls}/peer.crt`,
    `ssl-cert = ${mariadbTls}/node.crt`,
    `ssl-key = ${mariadbTls}/node.key`,
    "ssl-verify-server-cert",
    "",
  ].join("\n");
}

function pem(whose: string, text: string | undefined): string {
  // Pulumi's mocks, and a preview before the first deployment, know none.
  if (text === undefined) return "# not known yet\n";
  if (!/^-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+\n-----END CERTIFICATE-----\n?$/.test(text)) {
    throw new Error(`the ${whose} certificate is not one certificate in PEM form`);
  }
  return `${text.trimEnd()}\n`;
}

function publicKey(text: string | undefined): string {
  if (text === undefined) return "# not known yet";
  if (!/^ssh-ed25519 [A-Za-z0-9+/=]+$/.test(text)) throw new Error(`"${text.slice(0, 40)}": not an Ed25519 public key`);
  return text;
}

/** The data of a server before it replicates, and the accounts on it. */
export interface MariadbSeedParams extends MariadbPairParams {
  readonly account: {
    readonly database: string;
    readonly user: string;
    /** Hosts that it may come from, as the server sees them: `localhost` and addresses. */
    readonly clients: readonly string[];
  };
}

const seedResult = baseResult.extend({
  /** `empty`: both begin without data; `copied` from the peer; `kept`. Absent where nothing could be seen. */
  data: z.enum(["empty", "copied", "kept"]).optional(),
});

/** A copy of the peer's data where this node has none; then the accounts. */
export const mariadbSeedRole: HostRole<MariadbSeedParams, z.infer<typeof seedResult>> = {
  name: "services-mariadb-seed",
  packages: [],
  script: assetPath("services/mariadb-pair/seed.sh"),
  libraries: ["mariadb"],
  secrets: Object.values(mariadbPairSecrets),
  result: seedResult,
  files: () => ({}),
  variables: ({ account }) => ({
    DATABASE: account.database,
    DB_USER: account.user,
    CLIENTS: account.clients.join(" "),
  }),
};

const replicationResult = baseResult.extend({
  role: z.enum(["writer", "reader"]).optional(),
  /** The node's position, as a list of GTIDs. */
  position: z.string().optional(),
});

/** What the last step answers. */
export type MariadbReplicationResult = z.infer<typeof replicationResult>;

const watchUnit = "linode-ha-mariadb-watch.service";

/** Replication from the peer, and what looks after it. */
export const mariadbReplicationRole: HostRole<MariadbPairParams, MariadbReplicationResult> = {
  name: "services-mariadb-replication",
  packages: [],
  script: assetPath("services/mariadb-pair/replication.sh"),
  libraries: ["mariadb"],
  secrets: [],
  result: replicationResult,
  files: ({ topology }) => ({
    "/etc/linode-ha/health.d/60-mariadb": executable("health"),
    ...(topology === "replica"
      ? {
          [`${programs}/watch`]: executable("watch"),
          [`/etc/systemd/system/${watchUnit}`]: {
            mode: "0644",
            content: asset(`services/mariadb-pair/${watchUnit}`),
          },
        }
      : {}),
  }),
  variables: ({ topology }) => ({ WATCH_UNIT: topology === "replica" ? watchUnit : "" }),
};
