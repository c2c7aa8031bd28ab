import { generateKeyPairSync } from "crypto";
import { AddressInfo } from "net";
import { ParsedKey, Server, utils } from "ssh2";

import { quote } from "../../../lab/engine/plugins/command/text";
import { plugin } from "../../../lab/engine/plugins/command/plugin";
import { Handlers } from "../../../lab/engine/plugins/runtime/handlers";
import { isSecret, Json, Props, secret } from "../../../lab/engine/plugins/runtime/wire";

const pem = () =>
  generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  }).privateKey;
const publicLine = (key: string): string => {
  const parsed = utils.parseKey(key);
  if (parsed instanceof Error) throw parsed;
  const one: ParsedKey = Array.isArray(parsed) ? (parsed as ParsedKey[])[0]! : parsed;
  return `ssh-rsa ${one.getPublicSSH().toString("base64")} a comment`;
};

const hostKey = pem();
const userKey = pem();
const urn = "urn:pulumi:dev::p::command:remote:Command::step";

/** A host whose commands are: `echo` (gives stdin back), `fail`, `cut` (the connection breaks). */
function startHost(): Server {
  return new Server({ hostKeys: [hostKey] }, (client) => {
    client.on("error", () => undefined);
    client.on("authentication", (auth) => (auth.method === "publickey" ? auth.accept() : auth.reject(["publickey"])));
    client.on("session", (accept) => {
      accept().on("exec", (acceptExec, _reject, { command }) => {
        const stream = acceptExec();
        let input = "";
        stream.on("data", (data: Buffer) => (input += data.toString()));
        stream.on("end", () => {
          if (command === "cut") return client.end();
          stream.write(`got ${input}\n`);
          stream.stderr.write("beware\n");
          stream.exit(command === "fail" ? 3 : 0);
          stream.end();
        });
      });
    });
  });
}

describe("command.remote.Command", () => {
  let host: Server;
  let connection: Props;
  const lines: string[] = [];
  let handlers: Handlers<unknown>;

  beforeAll(async () => {
    host = startHost();
    await new Promise<void>((resolve) => host.listen(0, "127.0.0.1", () => resolve()));
    const { port } = host.address() as AddressInfo;
    connection = { host: "127.0.0.1", port, privateKey: userKey, hostKey: publicLine(hostKey), dialErrorLimit: 1 };
    handlers = new Handlers(plugin, (_severity, message) => lines.push(message));
    await handlers.configure({});
  });
  afterAll(() => new Promise<void>((resolve) => host.close(() => resolve())));

  const create = (props: Props, over: Props = {}) =>
    handlers.create({ urn, news: { ...props, connection: { ...connection, ...over } as Json } });

  it("feeds secret input, takes both streams as outputs and passes lines to the log", async () => {
    const made = await create({ create: "echo", stdin: secret("geheim") });
    expect(made.properties).toMatchObject({ stdout: "got geheim", stderr: "beware" });
    expect(lines).toContain("beware");
    expect(isSecret(made.properties.stdin)).toBe(true);
    expect(isSecret(made.properties.connection)).toBe(true);
    expect(made.id).toMatch(/^step[0-9a-f]{8}$/);
  });

  it("fails in the vendor's words, with all output", async () => {
    await expect(create({ create: "fail", stdin: "x" })).rejects.toThrow(
      'Process exited with status 3: running "fail":\ngot x\nbeware\n',
    );
  });

  it("refuses a host that shows another key, after the dial limit", async () => {
    await expect(create({ create: "echo" }, { hostKey: publicLine(pem()) })).rejects.toThrow(
      "after 1 failed attempts: ssh: handshake failed: ssh: host key mismatch",
    );
  });

  it("does not wait for ever when the connection breaks", async () => {
    await expect(create({ create: "cut" })).rejects.toThrow("remote command exited without exit status");
  });

  it("runs create again on a change, and replaces only for triggers", () => {
    const olds = { create: "echo", connection: connection as Json, stdout: "", stderr: "" };
    const first = handlers.diff({ urn, olds, news: { ...olds, create: "fail" } });
    expect(first).toMatchObject({ differences: [{ path: "create", kind: "update" }], replaces: [] });
    expect(handlers.diff({ urn, olds, news: { ...olds, triggers: [1] } }).replaces).toEqual(["triggers"]);
  });

  it("quotes as Go does", () => {
    expect(quote('a "b"\n\x01\\')).toBe('"a \\"b\\"\\n\\x01\\\\"');
  });
});
