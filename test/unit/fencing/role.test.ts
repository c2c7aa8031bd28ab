import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { renderStep } from "../../../hosts/bundle";
import { parseResult, renderSecrets } from "../../../hosts/contract";
import {
  fencingDelay,
  type FencingParams,
  fencingPaths,
  fencingRole,
  fencingSecret,
  renderFencingConfig,
} from "../../../hosts/fencing/render";
import { TOKEN } from "./support";

const pair: FencingParams = {
  nodes: [
    { name: "web1", linodeId: 1234567 },
    { name: "web2", linodeId: 1234568 },
  ],
  node: "web1",
};
const lab: FencingParams = {
  ...pair,
  node: "web2",
  delaySeconds: 7,
  powerTimeoutSeconds: 90,
  after: "stay-off",
  apiUrl: "http://[2001:db8::1]:8080/v4",
  caCertificates: "-----BEGIN CERTIFICATE-----\nMAo=\n-----END CERTIFICATE-----",
};

/** What a role turns the values into, without the programs that are files of the project themselves. */
function readable(params: FencingParams): string {
  const programs: string[] = [
    fencingPaths.agent,
    fencingPaths.plugin,
    fencingPaths.drbdHandler,
    "/usr/local/lib/linode-ha/drbd.sh",
  ];
  const variables = Object.entries(fencingRole.variables(params)).map(([name, value]) => `${name}=${value}\n`);
  const files = Object.entries(fencingRole.files(params)).map(([path, { mode, secret, content }]) =>
    [`\n==> ${path} ${mode}`, secret && `secret ${secret}`]
      .filter(Boolean)
      .join(" ")
      .concat("\n", programs.includes(path) ? "…\n" : content),
  );
  return [...variables, ...files].join("");
}

test.each([
  ["pair", pair],
  ["lab", lab],
] as const)("%s renders as expected (UPDATE_GOLDEN=1 writes anew)", (name, params) => {
  const path = join(__dirname, "expected", `${name}.txt`);
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(path, readable(params));
  expect(existsSync(path)).toBe(true);
  expect(readable(params)).toBe(readFileSync(path, "utf8"));
});

test("each node knows the other as the one to shoot, and only one of them waits", () => {
  const of = (node: string) => renderFencingConfig({ ...pair, node });
  expect(of("web1")).toMatch(/SELF_ID=1234567\nPEER_NAME=web2\nPEER_ID=1234568\nDELAY=0\n/);
  expect(of("web2")).toMatch(/SELF_ID=1234568\nPEER_NAME=web1\nPEER_ID=1234567\nDELAY=5\n/);
  const delays = (preferred?: string) => ["web1", "web2"].map((node) => fencingDelay({ ...pair, node, preferred }));
  expect([delays(), delays("web1"), delays("web2")]).toEqual([
    [0, 5],
    [0, 5],
    [5, 0],
  ]);
});

test("the configuration means to a shell what it says", () => {
  const script = `${renderFencingConfig(lab)}printf '%s|' "$API_URL" "$CA_FILE" "$TOKEN_FILE" "$PEER_NAME" "$AFTER"`;
  expect(spawnSync("bash", ["-euc", script], { encoding: "utf8", cwd: "/" }).stdout).toBe(
    `${lab.apiUrl}|${fencingPaths.ca}|${fencingPaths.token}|web1|stay-off|`,
  );
});

test("the token is in no text of the step; it comes on standard input and is root's alone on the host", () => {
  const step = renderStep(fencingRole, lab, { step: "fencing", node: "web2", machine: "1" });
  expect(step).not.toContain(TOKEN);
  expect(fencingRole.files(pair)[fencingPaths.token]).toEqual({
    mode: "0600",
    content: `{{secret:${fencingSecret}}}\n`,
    secret: fencingSecret,
  });
  expect(renderSecrets(fencingRole, { [fencingSecret]: TOKEN })).toBe(
    `linode-fencing-token=${Buffer.from(TOKEN).toString("base64")}\n`,
  );
  expect(spawnSync("sh", ["-n"], { input: step }).status).toBe(0);
});

test.each<[Partial<FencingParams>, RegExp]>([
  [{ node: "web3" }, /node "web3" is not one of web1, web2/],
  [{ preferred: "web3" }, /preferred node "web3" is not one of web1, web2/],
  [{ delaySeconds: 0 }, /delaySeconds is 0; allowed are whole seconds from 1 to 120/],
  [{ powerTimeoutSeconds: 501 }, /powerTimeoutSeconds is 501/],
  [{ apiUrl: "https://api.linode.com/v4;reboot" }, /not an address/],
  [{ apiUrl: "api.linode.com" }, /not an address/],
  [{ nodes: [pair.nodes[0], { name: "web2", linodeId: 1234567 }] }, /a Linode of its own/],
  [{ nodes: [pair.nodes[0], { name: "web1", linodeId: 1234568 }] }, /a name/],
  [{ nodes: [pair.nodes[0], { name: "web2", linodeId: 0 }] }, /0 is not a Linode's id/],
  [{ nodes: [pair.nodes[0], { name: "$(reboot)", linodeId: 9 }] }, /not a host name/],
])("%j is refused", (change, words) => {
  expect(() => fencingRole.files({ ...pair, ...change })).toThrow(words);
});

test("the role's answer", () => {
  const text =
    'words\n{"changed":true,"changes":["wrote /usr/sbin/fence_linode"],"peer":"web2","peerLinode":"1234568"}\n';
  expect(parseResult(fencingRole, text)).toMatchObject({ changed: true, peer: "web2", peerLinode: "1234568" });
});
