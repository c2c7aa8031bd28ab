/** How an address moves between two nodes of a region. */
export type FailoverMethod =
  /** Whoever announces it to the route servers has it. */
  | "bgp"
  /** A gratuitous ARP moves it; the vendor's older way, for IPv4 only. */
  | "arp";

/** What the vendor documents of a region's route servers. */
export interface UpstreamRegion {
  /** The number in the route servers' addresses. The vendor's API does not tell it. */
  readonly dc: number;
  readonly method: FailoverMethod;
}

const bgp = (dc: number): UpstreamRegion => ({ dc, method: "bgp" });

/**
 * The lab's regions. Fremont is the last one that the vendor documents with its older network. Of the newest regions no number is
 * published: nothing can be announced there.
 */
export const UPSTREAM_REGIONS: Readonly<Record<string, UpstreamRegion>> = {
  "ap-northeast": bgp(11),
  "ap-south": bgp(9),
  "ap-southeast": bgp(16),
  "ap-west": bgp(14),
  "au-mel": bgp(45),
  "br-gru": bgp(21),
  "ca-central": bgp(15),
  "de-fra-2": bgp(47),
  "es-mad": bgp(24),
  "eu-central": bgp(10),
  "eu-west": bgp(7),
  "fr-par": bgp(19),
  "gb-lon": bgp(44),
  "id-cgk": bgp(29),
  "in-bom-2": bgp(46),
  "in-maa": bgp(25),
  "it-mil": bgp(27),
  "jp-osa": bgp(26),
  "jp-tyo-3": bgp(49),
  "nl-ams": bgp(22),
  "se-sto": bgp(23),
  "sg-sin-2": bgp(48),
  "us-central": bgp(2),
  "us-east": bgp(6),
  "us-iad": bgp(17),
  "us-lax": bgp(30),
  "us-mia": bgp(28),
  "us-ord": bgp(18),
  "us-sea": bgp(20),
  "us-southeast": bgp(4),
  "us-west": { dc: 3, method: "arp" },
};

/** How addresses move in a region; a Linode of which no region is known stands in one with route servers, as most do. */
export const failoverMethod = (region: string | undefined): FailoverMethod =>
  UPSTREAM_REGIONS[region ?? DEFAULT_REGION]?.method ?? "bgp";

const DEFAULT_REGION = "us-east";

/** The four route servers of a region; none where addresses move by ARP. */
export function routeServers(region: string | undefined): readonly string[] {
  const known = UPSTREAM_REGIONS[region ?? DEFAULT_REGION];
  if (known?.method !== "bgp") return [];
  // The vendor writes the decimal number where IPv6 has hexadecimal ones.
  return [1, 2, 3, 4].map((server) => `2600:3c0f:${known.dc}:34::${server}`);
}
