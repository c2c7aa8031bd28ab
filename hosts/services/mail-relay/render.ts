import { assetPath } from "../../assets";
import { baseResult, type BaseResult, type HostRole } from "../../contract";

/** Where a node's mail goes. */
export interface MailRelayParams {
  /** Name or address of the smarthost, without authentication: a machine that takes mail from these nodes. */
  readonly relayHost: string;
  /** Default 25. */
  readonly relayPort?: number;
  /** The node's name and domain, which its mail comes from. */
  readonly hostname: string;
  readonly domain: string;
  /** Who reads what is written to root and other local users. Default: the smarthost decides about `root@<domain>`. */
  readonly root?: string;
}

/** A mail client that delivers nothing itself: all goes to a smarthost, or waits in a queue on the disk. */
export const mailRelayRole: HostRole<MailRelayParams, BaseResult> = {
  name: "services-mail-relay",
  packages: ["bsd-mailx", "nullmailer"],
  script: assetPath("services/mail-relay/role.sh"),
  secrets: [],
  result: baseResult,
  files: (params) => ({
    "/etc/mailname": { mode: "0644", content: `${params.hostname}.${params.domain}\n` },
    "/etc/nullmailer/defaultdomain": { mode: "0644", content: `${params.domain}\n` },
    "/etc/nullmailer/remotes": {
      mode: "0640",
      owner: "root:mail",
      content: `${params.relayHost} smtp --port=${params.relayPort ?? 25}\n`,
    },
    ...(params.root === undefined
      ? {}
      : { "/etc/nullmailer/adminaddr": { mode: "0644", content: `${params.root}\n` } }),
  }),
  variables: () => ({}),
};
