import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { assetPath } from "../../../hosts/assets";
import { run } from "../../support/run";
import { TestLab } from "../api/support";
import { agent, Desk, python } from "./support";

let desk: Desk;
let folder: string;
let lab: TestLab;

beforeEach(() => {
  desk = new Desk();
  folder = mkdtempSync(join(tmpdir(), "linode-ha-fencing-role-"));
  lab = new TestLab();
});
afterEach(async () => {
  await lab.close();
  desk.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A pair, and a token that may do so much. */
async function pairWith(scopes: string): Promise<{ self: number; peer: number; token: string }> {
  const [one, two] = [await lab.running({ label: "web1" }), await lab.running({ label: "web2" })];
  const { token } = await lab.ok("POST", "/profile/tokens", { label: "fencing", scopes });
  return { self: one.linode.id, peer: two.linode.id, token };
}

/** Runs the step's own script with the real agent; only what touches the host is left out. */
async function apply({ self, peer, token }: { self: number; peer: number; token: string }) {
  const program = join(folder, "fence_linode");
  writeFileSync(program, `#!/bin/sh\nexec ${python} -B ${agent} "$@"\n`, { mode: 0o755 });
  mkdirSync(join(folder, "lib"));
  const left = "\nensure_packages() { :; }\ninstall_files() { :; }\nrole_main() { role_apply && print_result; }\n";
  writeFileSync(join(folder, "lib", "core.sh"), readFileSync(assetPath("lib/core.sh"), "utf8") + left);
  for (const name of ["files", "packages", "units"]) {
    cpSync(assetPath(`lib/${name}.sh`), join(folder, "lib", `${name}.sh`));
  }
  const variables = {
    STEP: "fencing",
    NODE: "web1",
    PACKAGES: "",
    API_URL: `${await lab.listen()}/v4`,
    CA_FILE: "",
    TOKEN_FILE: desk.write("token", `${token}\n`),
    PEER_NAME: "web2",
    PEER_ID: `${peer}`,
    SELF_ID: `${self}`,
  };
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(join(folder, "variables"), lines.join(""));
  const script = readFileSync(assetPath("fencing/role.sh"), "utf8").replaceAll("/usr/sbin/fence_linode", program);
  writeFileSync(join(folder, "role.sh"), script);
  const { code, stdout, stderr } = await run(["bash", join(folder, "role.sh"), "apply"], { seconds: 40 });
  expect(stdout + stderr).not.toContain(token);
  return { code, output: stdout + stderr };
}

test("a token that may only look is refused at `up`, before anything relies on it", async () => {
  const pair = await pairWith("linodes:read_only");
  const { code, output } = await apply(pair);
  expect(code).toBe(10);
  expect(output).toContain(`error: fencing of web2 (Linode ${pair.peer}) would not work: `);
  expect(output).toContain("needed is linodes:read_write");
  expect(output).toContain("where: host web1, step fencing");
  expect(output).toContain(`--action monitor --plug ${pair.peer}`);
});

test("so is one for something else, and one that the API does not know", async () => {
  const pair = await pairWith("domains:read_write");
  expect(await apply(pair)).toMatchObject({ code: 10, output: expect.stringContaining("denies access (401") });
  rmSync(join(folder, "lib"), { recursive: true });
  expect(await apply({ ...pair, token: "made-up" })).toMatchObject({
    code: 10,
    output: expect.stringContaining("denies access (401"),
  });
});

test("so is one that does not see this very node", async () => {
  const pair = await pairWith("linodes:read_write");
  const { code, output } = await apply({ ...pair, self: 4_000_000 });
  expect(code).toBe(10);
  expect(output).toContain("fencing of web1 (Linode 4000000) would not work: ");
});

test("one that may shut both down is taken, and nothing is shut down", async () => {
  const pair = await pairWith("linodes:read_write");
  const { code, output } = await apply(pair);
  expect(output).toContain('"peer":"web2"');
  expect(code).toBe(0);
  expect([pair.self, pair.peer].map((id) => lab.machines.isRunning(id))).toEqual([true, true]);
});
