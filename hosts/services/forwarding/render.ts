import { assetPath } from "../../assets";
import { baseResult, type BaseResult, type HostRole } from "../../contract";

/** Schedulers of IPVS, by the name that `ipvsadm` takes. */
export type IpvsScheduler = "rr" | "wrr" | "lc" | "wlc" | "sh";

/** Layer 4 load balancing by the kernel. */
export interface ForwardingParams {
  readonly schedulers: readonly IpvsScheduler[];
}

/** IPVS modules at each boot, and IPv4 forwarding. */
export const forwardingRole: HostRole<ForwardingParams, BaseResult> = {
  name: "services-forwarding",
  packages: ["ipvsadm"],
  script: assetPath("services/forwarding/role.sh"),
  secrets: [],
  result: baseResult,
  files: (params) => ({
    "/etc/modules-load.d/linode-ha-ipvs.conf": {
      mode: "0644",
      content: modules(params)
        .map((name) => `${name}\n`)
        .join(""),
    },
    "/etc/sysctl.d/60-linode-ha-forwarding.conf": { mode: "0644", content: "net.ipv4.ip_forward = 1\n" },
  }),
  variables: (params) => ({ MODULES: modules(params).join(" ") }),
};

function modules({ schedulers }: ForwardingParams): string[] {
  return ["ip_vs", ...[...new Set(schedulers)].sort().map((name) => `ip_vs_${name}`)];
}
