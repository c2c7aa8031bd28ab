import { z } from "zod";
import { asset, assetPath } from "../../assets";
import { type AbsolutePath, baseResult, type HostFile, type HostRole, secretPlaceholder } from "../../contract";
import { dnsSettings } from "../../dns/settings";
import { knownHost, peerAccess } from "../../peer/access";

/** One of the two nodes that share a certificate. */
export interface CertificateMember {
  /** Equals `uname -n` there. */
  readonly name: string;
  /** Where the other reaches its sshd. */
  readonly address: string;
  /** The public key of its sshd. */
  readonly hostKey: string;
}

/** A certificate that both nodes of a pair have. */
export interface CertificateParams {
  readonly name: string;
  readonly members: readonly [CertificateMember, CertificateMember];
  /** The node this is for: the name of one of {@link members}. The first renews in time, the other when the first did not. */
  readonly node: string;
  /** The first names the certificate; all are in the zone. */
  readonly domains: readonly string[];
  readonly zone: string;
  /** Mailbox for the authority's warnings. */
  readonly contact: string;
  /** The directory of the authority. */
  readonly directory: string;
  /** Certificates in PEM form that the authority's own HTTPS must be signed by. Default the system's. */
  readonly authorityCertificates?: string;
  /** Days before its end from which on a certificate is renewed. */
  readonly renewDays: number;
  /** Units that read the certificate again when it changed. */
  readonly reload: readonly string[];
  /** The public half of the key with which the nodes ask each other. */
  readonly peerKey: string;
  readonly apiUrl?: string;
  readonly apiCertificates?: string;
}

/** The secrets of a certificate's step. */
export const certificateSecrets = { token: "dns-token", peerKey: "certificate-peer-key" } as const;

const certificateResult = baseResult.extend({ certificate: z.string(), key: z.string() });

/** What the step answers. */
export type CertificateResult = z.infer<typeof certificateResult>;

/** Where a certificate and its key are on both nodes. */
export function certificatePaths(name: string): { readonly certificate: AbsolutePath; readonly key: AbsolutePath } {
  const live = `/var/lib/linode-ha/certificates/${name}/live` as const;
  return { certificate: `${live}/fullchain.pem`, key: `${live}/privkey.pem` };
}

/** A certificate from an ACME authority, proven through the zone, renewed on either node. */
export const certificateRole: HostRole<CertificateParams, CertificateResult> = {
  name: "services-certificate",
  packages: ["ca-certificates", "curl", "dehydrated", "openssl", "python3", "python3-dnspython"],
  script: assetPath("services/certificate/role.sh"),
  libraries: ["peer"],
  secrets: [certificateSecrets.token, certificateSecrets.peerKey],
  result: certificateResult,
  files: certificateFiles,
  variables: ({ name }) => ({ NAME: name }),
};

const folderOf = (name: string): AbsolutePath => `/etc/linode-ha/certificates/${name}`;

function sidesOf(params: CertificateParams) {
  const [first, second] = params.members;
  if (params.node === first.name) return { own: first, peer: second, position: 1 };
  if (params.node === second.name) return { own: second, peer: first, position: 2 };
  throw new Error(`node "${params.node}" is not one of ${first.name}, ${second.name}`);
}

function certificateFiles(params: CertificateParams): Record<AbsolutePath, HostFile> {
  const { name } = params;
  const folder = folderOf(name);
  const { peer } = sidesOf(params);
  return {
    ...dnsSettings({
      folder,
      zone: params.zone,
      apiUrl: params.apiUrl,
      apiCertificates: params.apiCertificates,
      secret: certificateSecrets.token,
    }),
    "/usr/local/sbin/ha-certificate": { mode: "0755", content: asset("services/certificate/certificate.sh") },
    "/usr/local/lib/linode-ha/certificate-hook": { mode: "0755", content: asset("services/certificate/hook.sh") },
    [`${folder}/settings`]: { mode: "0644", content: renderSettings(params) },
    [`${folder}/dehydrated`]: { mode: "0644", content: renderDehydrated(params) },
    ...(params.authorityCertificates === undefined
      ? {}
      : { [`${folder}/authority.pem`]: { mode: "0644", content: `${params.authorityCertificates.trimEnd()}\n` } }),
    [`${folder}/peer.known`]: { mode: "0644", content: knownHost(peer.address, peer.hostKey) },
    [`${folder}/peer.key`]: {
      mode: "0600",
      content: `${secretPlaceholder(certificateSecrets.peerKey)}\n`,
      secret: certificateSecrets.peerKey,
    },
    ...peerAccess({
      grant: `certificate-${name}`,
      address: peer.address,
      peerName: peer.name,
      key: params.peerKey,
      command: `/usr/local/sbin/ha-certificate answer ${name}`,
    }),
    "/etc/systemd/system/linode-ha-certificate@.service": {
      mode: "0644",
      content: asset("services/certificate/linode-ha-certificate@.service"),
    },
    "/etc/systemd/system/linode-ha-certificate@.timer": {
      mode: "0644",
      content: asset("services/certificate/linode-ha-certificate@.timer"),
    },
    [`/etc/linode-ha/health.d/70-certificate-${name}`]: {
      mode: "0755",
      content: `#!/bin/sh\nexec /usr/local/sbin/ha-certificate status ${name}\n`,
    },
  };
}

/** What `ha-certificate` reads: shell variables. */
export function renderSettings(params: CertificateParams): string {
  const { peer, position } = sidesOf(params);
  for (const domain of params.domains) {
    if (!/^(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(domain)) throw new Error(`"${domain}": not a host's name`);
  }
  return [
    "# Managed: written anew by each deployment.",
    `DOMAINS='${params.domains.join(" ")}'`,
    `RENEW_DAYS=${params.renewDays}`,
    `POSITION=${position}`,
    `PEER_NAME=${peer.name}`,
    `PEER_ADDRESS=${peer.address}`,
    `RELOAD='${params.reload.join(" ")}'`,
    "",
  ].join("\n");
}

/** The ACME client's configuration: shell variables too. */
export function renderDehydrated(params: CertificateParams): string {
  const folder = folderOf(params.name);
  const store = `/var/lib/linode-ha/certificates/${params.name}/acme`;
  return [
    "# Managed: written anew by each deployment.",
    `CA='${params.directory}'`,
    `BASEDIR='${store}'`,
    `LOCKFILE='${store}.lock'`,
    "CHALLENGETYPE=dns-01",
    "HOOK=/usr/local/lib/linode-ha/certificate-hook",
    "HOOK_CHAIN=yes",
    `export HOOK_SETTINGS='${folder}/dns'`,
    `CONTACT_EMAIL='${params.contact}'`,
    "KEY_ALGO=prime256v1",
    "PRIVATE_KEY_RENEW=yes",
    // An answer that does not come is given up, and the whole is tried again by the timer.
    `CURL_OPTS='--connect-timeout 20 --max-time 120${params.authorityCertificates === undefined ? "" : ` --cacert ${folder}/authority.pem`}'`,
    "",
  ].join("\n");
}
