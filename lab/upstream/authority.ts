import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../machines/run";
import { ipBatch } from "../network/namespace";
import { AUTHORITY, DNS_PORT, NAME_SERVER } from "./addresses";
import { Lasting } from "./lasting";

/** What an {@link Authority} needs to know. */
export interface AuthorityOptions {
  readonly namespace: string;
  /** A folder of its own. */
  readonly stateDir: string;
  /** Pebble. Without it there is no authority; it is looked for again and again. */
  readonly program: string;
  readonly log?: (line: string) => void;
}

/** Where clients find what the authority's own HTTPS certificate is signed by: itself. */
export const authorityCertificate = (stateDir: string): string => join(stateDir, "https.pem");

/** Days that an issued certificate is valid, as with the authority that most people use. */
const VALID_DAYS = 90;

/**
 * A certificate authority that speaks ACME: Pebble, which asks the region's name server. It forgets everybody when it ends, and makes a new
 * root each time it starts.
 */
export class Authority {
  private readonly process: Lasting;

  constructor(private readonly options: AuthorityOptions) {
    // Its certificate is for everybody to read, its key is not.
    mkdirSync(options.stateDir, { recursive: true, mode: 0o755 });
    this.process = new Lasting({
      namespace: options.namespace,
      folder: options.stateDir,
      name: "certificate authority",
      command: [options.program, "-config", "pebble.json", "-dnsserver", `${NAME_SERVER.ipv4}:${DNS_PORT}`, "-strict"],
      // Random refusals and pauses show how clients bear them; here they would only make times differ.
      env: { PEBBLE_VA_NOSLEEP: "1", PEBBLE_WFE_NONCEREJECT: "0", PEBBLE_AUTHZREUSE: "0" },
      listens: AUTHORITY,
      possible: () => existsSync(options.program),
      log: options.log ?? (() => undefined),
    });
  }

  /** Starts it, or finds it running; from now on it is started again should it end. */
  async start(): Promise<void> {
    const { namespace, stateDir } = this.options;
    await ipBatch(namespace, [`addr replace ${AUTHORITY.address}/32 dev lo`]);
    if (!existsSync(authorityCertificate(stateDir))) await this.makeCertificate();
    writeFileSync(join(stateDir, "pebble.json"), renderPebbleConfig(), { mode: 0o600 });
    await this.process.keep();
  }

  /** Lets go of it; it runs on, and the next process finds it. */
  close(): Promise<void> {
    return this.process.close();
  }

  end(): Promise<void> {
    return this.process.end();
  }

  private async makeCertificate(): Promise<void> {
    const { stateDir } = this.options;
    await run(
      "openssl",
      [
        ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650"],
        ...["-subj", "/CN=ACME of a local Linode", "-addext", `subjectAltName=IP:${AUTHORITY.address}`],
        ...["-keyout", "https.key", "-out", "https.pem.new"],
      ],
      { cwd: stateDir },
    );
    await run("mv", ["https.pem.new", authorityCertificate(stateDir)], { cwd: stateDir });
  }
}

/** Pebble's configuration. Pure. */
export function renderPebbleConfig(): string {
  const pebble = {
    listenAddress: `${AUTHORITY.address}:${AUTHORITY.port}`,
    // Tells the root that it made; nobody but the lab's machine reaches it.
    managementListenAddress: "127.0.0.1:15000",
    certificate: "https.pem",
    privateKey: "https.key",
    httpPort: 80,
    tlsPort: 443,
    ocspResponderURL: "",
    externalAccountBindingRequired: false,
    retryAfter: { authz: 1, order: 1 },
    profiles: { default: { description: "as most people have it", validityPeriod: VALID_DAYS * 86_400 } },
  };
  return `${JSON.stringify({ pebble }, undefined, 2)}\n`;
}
