import type { NodeEndpoint } from "../../../components/haPair";
import type { Node } from "../../../cli/reach/nodes";
import { pairState, type PairState } from "../../../cli/state/pair";
import { splitAnswers, type Survey } from "../../../cli/reach/survey";

/** `/proc/drbd` of DRBD 8.4 with one resource, minor 0. */
export function procDrbd(cs: string, ro: string, ds: string, oos = 0, extra = ""): string {
  return [
    "version: 8.4.11 (api:1/proto:86-101)",
    "srcversion: 0123456789ABCDEF0123456",
    ` 0: cs:${cs} ro:${ro} ds:${ds} C r-----`,
    `    ns:1048576 nr:0 dw:1050688 dr:4241 al:12 bm:0 lo:0 pe:0 ua:0 ap:0 ep:1 wo:f oos:${oos}`,
    ...(extra === "" ? [] : [extra]),
    "",
  ].join("\n");
}

export const HEALTHY = '{"healthy":true,"checks":[{"name":"disk","ok":true,"detail":"41 % used"}]}';

/** A node's answer to the survey's one command. */
export function answer(parts: Readonly<Record<string, string>>, codes: Readonly<Record<string, number>> = {}): string {
  return Object.entries({ health: HEALTHY, ...parts })
    .map(([name, text]) => `@@linode-ha ${name}\n${text}\n\n@@linode-ha = ${codes[name] ?? 0}\n`)
    .join("");
}

export function endpoint(number: number): NodeEndpoint {
  return {
    hostname: `n${number}.example.org`,
    public4: `192.0.2.${number}`,
    public6: `2001:db8::${number}`,
    private4: `192.168.130.${number}`,
    interconnect: `10.20.0.${number}`,
    ssh: `root@192.0.2.${number}`,
    hostKey: "ssh-ed25519 AAAA",
  };
}

/** A node whose commands are answered by a function; every command is written down. */
export function fakeNode(
  name: string,
  reply: (command: string) => string | { code: number; stdout: string },
  ran: string[] = [],
): Node {
  return {
    name,
    endpoint: endpoint(name === "alpha" ? 1 : 2),
    run: (command) => {
      if (!command.startsWith("echo '@@linode-ha")) ran.push(`${name}: ${command}`);
      const given = reply(command);
      return Promise.resolve(typeof given === "string" ? { code: 0, stdout: given } : given);
    },
  };
}

export const isSurvey = (command: string): boolean => command.startsWith("echo '@@linode-ha");

/** The state of a pair whose nodes answer so; `undefined`: not reached. */
export function stateOf(alpha: string | undefined, beta: string | undefined): PairState {
  const survey = (name: string, text: string | undefined): Survey => {
    const node = fakeNode(name, () => "");
    return text === undefined
      ? { node, reached: false, why: "timed out" }
      : { node, reached: true, answers: splitAnswers(text) };
  };
  return pairState([survey("alpha", alpha), survey("beta", beta)]);
}

export const RESOURCES = [
  "/etc/linode-ha/drbd/db:MINOR=0",
  "/etc/linode-ha/drbd/db:DEVICE=/dev/sdc",
  "/etc/linode-ha/drbd/db:PROMOTE=manager",
].join("\n");

const GROUP_FILE = [
  "# Written by linode-ha; edits are lost.",
  "node alpha",
  "peer beta",
  "preferred alpha",
  "run drbd db 0",
  "run filesystem /dev/drbd0 /srv ext4 defaults",
  "run address 192.0.2.50 24 eth1",
].join("\n");

/** `ha-group status db --json`. */
export function manualGroup(node: string, states: readonly [string, string, string]): string {
  const members = ["drbd db 0", "filesystem /dev/drbd0 /srv ext4 defaults", "address 192.0.2.50 24 eth1"].map(
    (member, index) => ({ member, state: states[index] }),
  );
  const status = { group: "db", node, active: states.every((state) => state === "started"), members };
  return `@group db\n${GROUP_FILE}\n@status\n${JSON.stringify(status)}`;
}

export const ON = ["started", "started", "started"] as const;
export const OFF = ["stopped", "stopped", "stopped"] as const;

/** A node of a pair that is moved by hand. */
export function manualNode(node: string, drbd: string, states: readonly [string, string, string], more = {}): string {
  return answer({
    drbd,
    resources: RESOURCES,
    manager: "manual=active",
    groups: manualGroup(node, states),
    addresses: `1: lo    inet 127.0.0.1/8 scope host lo\n2: eth0    inet ${node === "alpha" ? "192.0.2.1" : "192.0.2.2"}/24 brd 192.0.2.255 scope global eth0`,
    ...more,
  });
}

export const PRIMARY = procDrbd("Connected", "Primary/Secondary", "UpToDate/UpToDate");
export const SECONDARY = procDrbd("Connected", "Secondary/Primary", "UpToDate/UpToDate");
export const ACTIVE = manualNode("alpha", PRIMARY, ON);
export const PASSIVE = manualNode("beta", SECONDARY, OFF);
