import { LabError } from "../machines/errors";
import { run } from "../machines/run";

/** Where this machine gets Debian from. */
export interface Mirrors {
  readonly debian: string;
  readonly security?: string;
  /** apt settings that a download needs here too: proxies, certificates, date checks. */
  readonly aptOptions: readonly string[];
}

// Settings of how to fetch. The others (languages, index compression) are the image's own business.
const FETCH_SETTING = /^Acquire::(?:(?:http|https)::|Check-|Retries|ForceIPv)/;

/** Reads the mirrors out of `apt-get indextargets` in the format `$(REPO_URI)|$(RELEASE)|$(COMPONENT)`. */
export function parseIndexTargets(text: string, settings = ""): Mirrors {
  const rows = text
    .split("\n")
    .map((line) => line.split("|"))
    .filter((row) => row.length === 3 && row[2] === "main");
  const codename = /^(?:bookworm|trixie|forky|stable|oldstable|testing)$/;
  const debian = rows.find(([, release]) => codename.test(release ?? ""))?.[0];
  const security = rows.find(([, release]) => (release ?? "").endsWith("-security"))?.[0];
  if (debian === undefined) {
    throw new LabError("This machine's apt sources name no Debian mirror.", {
      hint: "The image of the local Linodes is built from it: add a Debian source with `main` to /etc/apt/sources.list.d and run `apt-get update`.",
    });
  }
  const aptOptions = settings
    .split("\n")
    .filter((line) => FETCH_SETTING.test(line))
    .map((line) => line.trim());
  return { debian, security, aptOptions };
}

/** Reads this machine's own apt configuration. */
export async function hostMirrors(): Promise<Mirrors> {
  const targets = await run("apt-get", [
    "indextargets",
    "--format",
    "$(REPO_URI)|$(RELEASE)|$(COMPONENT)",
    "Identifier: Packages",
  ]);
  const settings = await run("apt-config", ["dump", "--no-empty", "--format", '%f "%v";%n', "Acquire"]);
  return parseIndexTargets(targets.stdout, settings.stdout);
}

/** The `deb` lines of a suite. */
export function sourceLines(mirrors: Mirrors, suite: string): readonly string[] {
  return [
    `deb ${mirrors.debian} ${suite} main`,
    `deb ${mirrors.debian} ${suite}-updates main`,
    ...(mirrors.security === undefined ? [] : [`deb ${mirrors.security} ${suite}-security main`]),
  ];
}
