import { asset } from "../assets";
import { type AbsolutePath, type HostFile, secretPlaceholder } from "../contract";

/** What changes records of a zone through the vendor's API. */
export const linodeDnsProgram: AbsolutePath = "/usr/local/lib/linode-ha/linode-dns";

const DEFAULT_API = "https://api.linode.com/v4";

/** What {@link linodeDnsProgram} needs for one purpose. */
export interface DnsSettings {
  /** Where its files go: `dns`, `dns.token` and `dns-api.pem`. */
  readonly folder: AbsolutePath;
  readonly zone: string;
  /** Default the vendor's own. */
  readonly apiUrl?: string;
  /** Certificates in PEM form that the API's must be signed by. Default the system's. */
  readonly apiCertificates?: string;
  /** The step's secret that is the token. */
  readonly secret: string;
  /** More lines, for example of a {@link DnsRotation}. */
  readonly more?: readonly string[];
}

/** The program, its settings and its token. */
export function dnsSettings(settings: DnsSettings): Record<AbsolutePath, HostFile> {
  const { folder, zone, apiUrl = DEFAULT_API, apiCertificates, secret, more = [] } = settings;
  if (!/^https?:\/\/[A-Za-z0-9.:[\]_/-]+$/.test(apiUrl)) {
    throw new Error(`apiUrl "${apiUrl}": not an address of the form https://host/v4`);
  }
  const authority: AbsolutePath = `${folder}/dns-api.pem`;
  return {
    [linodeDnsProgram]: { mode: "0755", content: asset("dns/linode_dns") },
    [`${folder}/dns`]: {
      mode: "0644",
      content: [
        "# Managed: written anew by each deployment.",
        `API_URL=${apiUrl}`,
        `CA_FILE=${apiCertificates === undefined ? "" : authority}`,
        `TOKEN_FILE=${folder}/dns.token`,
        `ZONE=${zone}`,
        ...more,
        "",
      ].join("\n"),
    },
    [`${folder}/dns.token`]: { mode: "0600", content: `${secretPlaceholder(secret)}\n`, secret },
    ...(apiCertificates === undefined
      ? {}
      : { [authority]: { mode: "0644", content: `${apiCertificates.trimEnd()}\n` } }),
  };
}
