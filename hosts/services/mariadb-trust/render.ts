import type { z } from "zod";
import { assetPath } from "../../assets";
import { type AbsolutePath, baseResult, type HostRole, secretPlaceholder } from "../../contract";
import { knownHost, peerAccess } from "../../peer/access";
import {
  mariadbPairSecrets,
  type MariadbPairParams,
  mariadbPrograms,
  mariadbTls,
  sidesOf,
} from "../mariadb-pair/config";
import type { MariadbServerSide } from "../mariadb-pair/render";

const passwordFile: AbsolutePath = "/etc/linode-ha/mariadb-replication.password";

/** What one server must know of the other. All of it public but the passwords. */
export interface MariadbTrustParams extends MariadbPairParams {
  readonly own: Pick<MariadbServerSide, "certificate">;
  readonly peer: Pick<MariadbServerSide, "certificate" | "copyKey" | "hostKey">;
}

/** The peer's certificate and keys, and the passwords with which the two meet. */
export const mariadbTrustRole: HostRole<MariadbTrustParams, z.infer<typeof baseResult>> = {
  name: "services-mariadb-trust",
  packages: [],
  script: assetPath("services/mariadb-trust/role.sh"),
  libraries: ["mariadb", "peer"],
  secrets: [mariadbPairSecrets.replication, mariadbPairSecrets.health],
  result: baseResult,
  files: (params) => {
    const { peer } = sidesOf(params);
    const [own, theirs] = [pem("own", params.own.certificate), pem("peer's", params.peer.certificate)];
    return {
      [`${mariadbTls}/peer.crt`]: { mode: "0644", content: theirs },
      [`${mariadbTls}/trusted.crt`]: { mode: "0644", content: `${own}${theirs}` },
      ...peerAccess({
        grant: "mariadb-copy",
        address: peer.address,
        peerName: peer.name,
        key: params.peer.copyKey,
        command: `${mariadbPrograms}/donor`,
      }),
      "/etc/linode-ha/mariadb-peer.known": { mode: "0644", content: knownHost(peer.address, params.peer.hostKey) },
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
