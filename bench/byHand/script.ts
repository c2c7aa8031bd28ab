import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "../../test/support/lab";
import type { FreshPair } from "../freshPair";
import { nodeNames } from "../names";
import { handWork, type HandWork } from "./files";

const SECONDS = 900;
const END = "END_OF_FILE_8c1f";

/** Builds the pair by one shell script a host, both at once, over one SSH connection each. */
export async function runScripts(lab: Lab, pair: FreshPair): Promise<void> {
  const work = handWork(pair.hosts);
  const body = readFileSync(join(__dirname, "node.sh"), "utf8");
  for (const node of nodeNames) {
    writeFileSync(join(pair.folder, `${node}.sh`), `${preamble(work(node))}${body}`, { mode: 0o600 });
  }
  await lab.execOk([join(__dirname, "run.sh"), pair.folder, ...nodeNames], { seconds: SECONDS });
}

/** The variables, and a function that writes the files. */
function preamble({ files, variables, packages }: HandWork): string {
  const quoted = (value: string): string => `'${value.replaceAll("'", `'\\''`)}'`;
  const puts = Object.entries(files).map(
    ([path, { content, mode, owner }]) =>
      `put ${quoted(path)} ${mode} ${owner ?? "root:root"} <<'${END}'\n${content}${END}\n`,
  );
  return [
    ...Object.entries({ ...variables, PACKAGES: packages.join(" ") }).map(
      ([name, value]) => `${name}=${quoted(value)}\n`,
    ),
    `put_files() {\n${puts.join("")}}\n`,
  ].join("");
}
