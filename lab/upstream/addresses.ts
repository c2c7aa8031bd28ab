/** Where the region's name server answers: for the vendor's `ns1` to `ns5`, and as the nodes' resolver. */
export const NAME_SERVER = { ipv4: "203.0.113.3", ipv6: "2001:db8:ffff::3" } as const;
/** The port of DNS. */
export const DNS_PORT = 53;

/** Where the lab's certificate authority answers ACME: `https://203.0.113.4/dir`. */
export const AUTHORITY = { address: "203.0.113.4", port: 443 } as const;
