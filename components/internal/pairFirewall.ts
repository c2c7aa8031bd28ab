import * as linode from "@pulumi/linode";
import * as pulumi from "@pulumi/pulumi";
import type { PairPlan } from "./pairPlan";

type InboundRule = pulumi.Input<linode.types.input.FirewallInbound>;

/** What a firewall must let through between the nodes: everything, from exactly the peer's address; on another network only what is named. */
function peerRules(plan: PairPlan, instances: readonly linode.Instance[]): InboundRule[] {
  const privateAddresses = instances.map((instance) => instance.privateIpAddress.apply((address) => `${address}/32`));
  const publicAddresses = instances.map((instance) =>
    instance.ipv6.apply((address) => `${address.split("/")[0] ?? address}/128`),
  );
  const each = (ports: readonly number[], kind: string, protocol: string, from: object): InboundRule[] =>
    ports.map((port) => ({ label: `peer-${kind}-${port}`, action: "ACCEPT", protocol, ports: String(port), ...from }));
  const udp = each(plan.peerUdpPorts, "udp", "UDP", { ipv4s: privateAddresses });
  const tcp6 = each(plan.peerTcp6Ports, "tcp6", "TCP", { ipv6s: publicAddresses });
  // Where all is let through between these addresses, nothing more is said of them.
  const named = [
    ...(plan.interconnect.kind === "private" ? [] : udp),
    ...(plan.interconnect.kind === "public6" ? [] : tcp6),
  ];
  // The vendor's firewall does not filter VLANs.
  if (plan.interconnect.kind === "vlan") {
    return named;
  }
  const addresses = plan.interconnect.kind === "private" ? privateAddresses : publicAddresses;
  const family = plan.interconnect.kind === "private" ? "ipv4s" : "ipv6s";
  const all = ["TCP", "UDP"].map((protocol) => ({
    label: `peer-${protocol.toLowerCase()}`,
    action: "ACCEPT",
    protocol,
    ports: "1-65535",
    [family]: addresses,
  }));
  return [...all, ...named];
}

const EVERYONE = { ipv4s: ["0.0.0.0/0"], ipv6s: ["::/0"] };

/** The vendor refuses an empty address list, so a family without networks is left out. */
function fromNetworks(cidrs: readonly string[]): { ipv4s?: string[]; ipv6s?: string[] } {
  const ipv6s = cidrs.filter((cidr) => cidr.includes(":"));
  const ipv4s = cidrs.filter((cidr) => !cidr.includes(":"));
  return { ...(ipv4s.length > 0 ? { ipv4s } : {}), ...(ipv6s.length > 0 ? { ipv6s } : {}) };
}

/** The pair's Cloud Firewall: drops everything that comes in and is not named here. */
export function pairFirewall(
  name: string,
  label: string,
  plan: PairPlan,
  instances: readonly linode.Instance[],
  tags: readonly string[],
  parent: pulumi.Resource,
): linode.Firewall {
  const services = plan.publicTcpPorts.map((port) => ({
    label: `tcp-${port}`,
    action: "ACCEPT",
    protocol: "TCP",
    ports: String(port),
    ...EVERYONE,
  }));
  return new linode.Firewall(
    name,
    {
      label,
      inboundPolicy: "DROP",
      outboundPolicy: "ACCEPT",
      inbounds: [
        { label: "ssh", action: "ACCEPT", protocol: "TCP", ports: "22", ...fromNetworks(plan.adminCidrs) },
        ...(plan.sshFrom.length === 0
          ? []
          : [
              {
                label: "ssh-hosts",
                action: "ACCEPT",
                protocol: "TCP",
                ports: "22",
                ipv4s: plan.sshFrom.map((from) => pulumi.output(from).apply((address) => `${address}/32`)),
              },
            ]),
        // Path MTU discovery and IPv6 need it.
        { label: "icmp", action: "ACCEPT", protocol: "ICMP", ...EVERYONE },
        ...services,
        ...peerRules(plan, instances),
      ],
      tags: [...tags],
    },
    { parent },
  );
}
