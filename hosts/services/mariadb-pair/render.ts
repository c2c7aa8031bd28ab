import { z } from "zod";
import { asset, assetPath } from "../../assets";
import { baseResult, type HostFile, type HostRole } from "../../contract";
import { shellLines } from "../common/render";
import { mariadbPrograms, type MariadbPairParams, pairSettings, renderMariadbPair } from "./config";

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
  script: assetPath("services/mariadb-pair/role.sh"),
  libraries: ["mariadb"],
  secrets: [],
  result: serverResult,
  files: (params) => ({
    "/etc/mysql/mariadb.conf.d/90-linode-ha.cnf": { mode: "0644", content: renderMariadbPair(params) },
    "/etc/linode-ha/mariadb-pair": { mode: "0644", content: shellLines(pairSettings(params)) },
    "/etc/systemd/system/mariadb.service.d/linode-ha.conf": { mode: "0644", content: serverDropIn(params) },
    ...(params.alsoListen?.length
      ? {
          // Also where the address is on the other node at that moment.
          [nonlocalBind]: { mode: "0644", content: "net.ipv4.ip_nonlocal_bind = 1\nnet.ipv6.ip_nonlocal_bind = 1\n" },
        }
      : {}),
    [`${mariadbPrograms}/common.sh`]: { mode: "0644", content: asset("lib/mariadb.sh") },
    [`${mariadbPrograms}/guard`]: executable("guard"),
    [`${mariadbPrograms}/donor`]: executable("donor"),
    [`${mariadbPrograms}/copy`]: executable("copy"),
    [`${mariadbPrograms}/replicate`]: executable("replicate"),
    "/usr/local/sbin/mariadb-reseed": executable("reseed"),
    ...(params.topology === "replica" ? { "/usr/local/sbin/mariadb-take-over": executable("take-over") } : {}),
  }),
  variables: ({ certificateRound, certificateDays }) => ({
    CERTIFICATE_ROUND: certificateRound,
    CERTIFICATE_DAYS: `${certificateDays}`,
  }),
};

const nonlocalBind = "/etc/sysctl.d/60-linode-ha-mariadb.conf";

function serverDropIn({ mounted, base }: MariadbPairParams): string {
  return [
    ...(mounted ? ["[Unit]", `RequiresMountsFor=${base}`, ""] : []),
    "[Service]",
    // With full rights: the server's own user may not see the mark.
    `ExecStartPre=+${mariadbPrograms}/guard`,
    "",
  ].join("\n");
}
