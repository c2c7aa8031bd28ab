import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { projectRoot } from "../../support/lab";

const script = path.join(projectRoot, "hosts", "fencing", "cib-words.sh");
let folder: string;
beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), "cib-words-"))));
afterEach(() => fs.rmSync(folder, { recursive: true }));

/** What the script prints where cibadmin prints a text. */
function translated(text: string): string {
  const cibadmin = path.join(folder, "cibadmin");
  fs.writeFileSync(cibadmin, `#!/bin/sh\ncat <<'TEXT'\n${text}\nTEXT\n`, { mode: 0o755 });
  return execFileSync("bash", [script, "-Ql"], {
    encoding: "utf8",
    env: { ...process.env, CIBADMIN: cibadmin },
  }).trimEnd();
}

test.each([
  // A member, and one that was fenced, as Pacemaker 3.0.0 writes them.
  [
    '<node_state id="1" uname="a" in_ccm="1795278157" crmd="1795278158" crm-debug-origin="x" join="member" expected="member">',
    '<node_state id="1" uname="a" in_ccm="true" crmd="online" crm-debug-origin="x" join="member" expected="member">',
  ],
  [
    '<node_state id="2" uname="b" in_ccm="0" crmd="0" join="down" expected="down"/>',
    '<node_state id="2" uname="b" in_ccm="false" crmd="offline" join="down" expected="down"/>',
  ],
  // Words stay, and so does what is no state of a node.
  ['<node_state uname="a" in_ccm="true" crmd="online"/>', '<node_state uname="a" in_ccm="true" crmd="online"/>'],
  ['<nvpair name="x" crmd="0"/>', '<nvpair name="x" crmd="0"/>'],
])("%s", (given, expected) => {
  expect(translated(given)).toBe(expected);
});

test("a cibadmin that fails is not taken for one that answered", () => {
  const cibadmin = path.join(folder, "cibadmin");
  fs.writeFileSync(cibadmin, "#!/bin/sh\nexit 102\n", { mode: 0o755 });
  const run = () => execFileSync("bash", [script], { env: { ...process.env, CIBADMIN: cibadmin }, stdio: "pipe" });
  expect(run).toThrow(expect.objectContaining({ status: 102 }) as Error);
});
