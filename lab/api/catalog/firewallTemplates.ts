const EVERYWHERE = { ipv4: ["0.0.0.0/0"], ipv6: ["::/0"] };
const PRIVATE = { ipv4: ["10.0.0.0/8", "192.168.0.0/17", "172.16.0.0/12"] };

const BASE = [
  accept("accept-inbound-ssh", "Accept inbound SSH", { protocol: "TCP", ports: "22", addresses: EVERYWHERE }),
  accept("accept-inbound-icmp", "Accept inbound ICMP", { protocol: "ICMP", addresses: EVERYWHERE }),
];
const NEIGHBOURS = ["TCP", "UDP"].map((protocol) =>
  accept("accept-inbound-rfc1918", "Accept inbound RFC-1918", { protocol, ports: "1-65535", addresses: PRIVATE }),
);

/** The vendor's ready-made rules. A third template, for the vendor's own staff, is left out. */
export const FIREWALL_TEMPLATES = [template("vpc", [...BASE, ...NEIGHBOURS]), template("public", BASE)];

function accept<T extends object>(label: string, description: string, rule: T) {
  return { action: "ACCEPT", label, description, ...rule };
}

function template(slug: string, inbound: readonly object[]) {
  return { slug, rules: { inbound, inbound_policy: "DROP", outbound: [], outbound_policy: "ACCEPT" } };
}
