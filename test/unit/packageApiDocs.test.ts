import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { projectRoot } from "../support/lab";
import { runOk } from "../support/run";

/** Every file below a folder with its text. */
function textsOf(folder: string): Record<string, string> {
  const names = fs.readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return Object.fromEntries(
    names
      .filter((name) => fs.statSync(path.join(folder, name)).isFile())
      .map((name) => [name, fs.readFileSync(path.join(folder, name), "utf8")]),
  );
}

test("docs/api is what the docstrings say now (else: make api-docs)", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "linode-ha-api-"));
  try {
    await runOk([path.join(projectRoot, "scripts", "apiDocs.sh"), folder], { seconds: 240 });
    expect(textsOf(path.join(projectRoot, "docs", "api"))).toEqual(textsOf(folder));
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}, 300_000);
