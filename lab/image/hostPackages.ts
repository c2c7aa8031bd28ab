import { existsSync } from "node:fs";
import { LabError } from "../machines/errors";
import { run } from "../machines/run";

/** The Debian packages that the lab needs on the machine it runs on, with a file that tells that each is there. */
export const HOST_PACKAGES: Readonly<Record<string, string>> = {
  "uml-utilities": "/usr/bin/uml_mconsole",
  mmdebstrap: "/usr/bin/mmdebstrap",
  // mmdebstrap calls these two, and only recommends them: without gpg it cannot tell which key a mirror's suite is signed by.
  gpg: "/usr/bin/gpg",
  mount: "/usr/bin/mount",
  nftables: "/usr/sbin/nft",
  iproute2: "/usr/bin/ip",
  "util-linux": "/usr/bin/nsenter",
  e2fsprogs: "/usr/sbin/mkfs.ext4",
  kmod: "/usr/sbin/depmod",
  "apt-utils": "/usr/bin/apt-ftparchive",
  "debian-archive-keyring": "/usr/share/keyrings/debian-archive-keyring.gpg",
  "openssh-client": "/usr/bin/ssh",
  openssl: "/usr/bin/openssl",
  procps: "/usr/sbin/sysctl",
  // The route servers of the lab's upstream network.
  bird2: "/usr/sbin/bird",
  // The name server of the lab's region.
  nsd: "/usr/sbin/nsd",
};

/** What Debian would start as soon as a package is there, and at each boot: the lab needs the programs only. */
export const UNWANTED_SERVICES: Readonly<Record<string, string>> = {
  bird2: "bird.service",
  nsd: "nsd.service",
};

// Where merged /usr is younger than the package, a tool may still live in /sbin or /bin; both lead to the same place there.
const ALTERNATIVES = (path: string): readonly string[] => [
  path,
  path.replace("/usr/sbin/", "/usr/bin/"),
  path.replace("/usr", ""),
];

/** The packages of {@link HOST_PACKAGES} that are not installed. */
export function missingHostPackages(exists: (path: string) => boolean = existsSync): readonly string[] {
  return Object.entries(HOST_PACKAGES)
    .filter(([, path]) => !ALTERNATIVES(path).some(exists))
    .map(([name]) => name);
}

/** Refuses where no lab can run: not root, or not Linux on amd64. */
export function requireRoot(uid: number | undefined = process.getuid?.()): void {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new LabError(`The local Linode runs on Linux on amd64; this is ${process.platform} on ${process.arch}.`, {
      hint: "Use a Debian 12 or 13 machine, a virtual one will do.",
    });
  }
  if (uid !== 0) {
    throw new LabError("The local Linode needs root: it makes network namespaces and builds disk images.", {
      hint: "Run the same command with sudo.",
    });
  }
}

/** Keeps services from starting that come with packages which are not there yet. One that somebody installed stays as it is. */
async function maskServices(missing: readonly string[]): Promise<void> {
  const services = missing.flatMap((name) => UNWANTED_SERVICES[name] ?? []);
  if (services.length > 0 && existsSync("/run/systemd/system"))
    await run("systemctl", ["mask", "--quiet", ...services]);
}

/** Installs the missing ones of {@link HOST_PACKAGES} with apt-get. Does nothing, and needs no root, when all are there. */
export async function ensureHostPackages(progress: (line: string) => void = () => undefined): Promise<void> {
  const missing = missingHostPackages();
  if (missing.length === 0) return;
  if (!existsSync("/usr/bin/apt-get")) {
    throw new LabError(`These Debian packages are missing: ${missing.join(" ")}.`, {
      hint: "The lab installs them with apt-get, which this machine does not have. Use Debian 12 or 13.",
    });
  }
  requireRoot();
  progress(`Installing ${missing.join(", ")}`);
  // In runlevel 1 nothing is started where there is no systemd either.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1", PREVLEVEL: "1" };
  const options = { env, timeoutMs: 600_000 };
  try {
    await maskServices(missing);
    await run("apt-get", ["update", "-q=2"], options);
    await run("apt-get", ["install", "-y", "-q=2", "--no-install-recommends", ...missing], options);
  } catch (error) {
    throw new LabError(`apt-get could not install ${missing.join(" ")}.`, {
      detail: error instanceof Error ? error.message : String(error),
      hint: "Check that this machine reaches its Debian mirror, or install the packages by hand.",
      cause: error,
    });
  }
  const still = missingHostPackages();
  if (still.length > 0) throw new LabError(`Still missing after apt-get install: ${still.join(" ")}.`);
}
