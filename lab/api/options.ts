/** A token that the lab itself hands out. Further ones can be made at /profile/tokens. */
export interface ApiToken {
  readonly token: string;
  /** `*`, or scopes such as `linodes:read_write domains:read_only`. */
  readonly scopes: string;
  readonly username: string;
}

/** How long the simulated parts of an operation take, in milliseconds. What machines and disks really do comes on top. */
export interface Delays {
  /** From the request until the event is `started`. */
  readonly scheduled: number;
  /** The least an operation takes once started. */
  readonly work: number;
  /** From a guest's power-off until Lassie notices. */
  readonly lassie: number;
}

/** Where the lab's addresses come from. */
export interface AddressPlan {
  /** First three octets of the public /24; `.1` is the gateway. */
  readonly publicPrefix: string;
  /** First four groups of the SLAAC /64. A single zero group stays written out (RFC 5952), as guests print it. */
  readonly slaacPrefix: string;
  readonly ipv6Gateway: string;
}

/** What the API may be told. Everything but the tokens has a default. */
export interface ApiOptions {
  readonly tokens: readonly ApiToken[];
  /** Memory that a guest really gets, whatever its type says. Default 1024. */
  readonly guestMemoryMiB?: number;
  /** CPUs that a guest really gets at most. Default 1. */
  readonly guestVcpus?: number;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  readonly delays?: Partial<Delays>;
  /** Requests a token may make in a window before 429. Default 12000 in 60 s. */
  readonly rateLimit?: { readonly requests: number; readonly seconds: number };
  /** How long a guest may take to shut down before its power is cut. Default 60. */
  readonly shutdownGraceSeconds?: number;
  /** Extra public IPv4 addresses that a Linode may have (real accounts need a support ticket for more). Default 5. */
  readonly extraIpv4PerLinode?: number;
  readonly addresses?: Partial<AddressPlan>;
  /** Where the lab's own troubles are reported. Never given a request's body. Default: nowhere. */
  readonly log?: (line: string) => void;
}

/** {@link ApiOptions} with every default filled in. */
export interface Settings extends Required<Omit<ApiOptions, "delays" | "addresses">> {
  readonly delays: Delays;
  readonly addresses: AddressPlan;
}

/** Fills in the defaults. */
export function settle(options: ApiOptions): Settings {
  return {
    tokens: options.tokens,
    guestMemoryMiB: options.guestMemoryMiB ?? 1024,
    guestVcpus: options.guestVcpus ?? 1,
    clock: options.clock ?? Date.now,
    delays: { scheduled: 20, work: 40, lassie: 200, ...options.delays },
    rateLimit: options.rateLimit ?? { requests: 12_000, seconds: 60 },
    shutdownGraceSeconds: options.shutdownGraceSeconds ?? 60,
    extraIpv4PerLinode: options.extraIpv4PerLinode ?? 5,
    addresses: {
      publicPrefix: "198.51.100",
      slaacPrefix: "2001:db8:1:0",
      ipv6Gateway: "fe80::1",
      ...options.addresses,
    },
    log: options.log ?? (() => undefined),
  };
}
