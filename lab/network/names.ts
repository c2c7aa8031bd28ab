import { createHash } from "node:crypto";

/** The tap behind a guest's interface: `t<id>e<number>`, at most 15 characters as the kernel demands. */
export const tapName = (machine: number, interfaceName: string): string =>
  `t${machine}e${interfaceName.replace("eth", "")}`;

/** The bridge of a VLAN. Labels may be longer than an interface's name. */
export const vlanBridge = (vlan: string, region = ""): string =>
  `vlan${createHash("sha256").update(`${region}/${vlan}`).digest("hex").slice(0, 8)}`;
