import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { Server, utils } from "ssh2";
import { copyDevice } from "../../../cli/reach/copyDevice";
import { nodesOf } from "../../../cli/reach/nodes";
import { endpoint } from "./samples";

/** A pair that can be read: of the private keys that ssh2 makes, about three in a thousand are malformed in its own eyes. */
function keyPair(): ReturnType<typeof utils.generateKeyPairSync> {
  const pair = utils.generateKeyPairSync("ed25519");
  return utils.parseKey(pair.private) instanceof Error ? keyPair() : pair;
}

const host = keyPair();
const login = keyPair();
let server: Server;
let port: number;
let folder: string;

/** An SSH server in this process that runs commands in a folder of tools, where `dd` and `blockdev` take a file for a device. */
beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "linode-ha-copy-"));
  const tool = (name: string, text: string): void => {
    fs.writeFileSync(path.join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  };
  tool("blockdev", 'exec stat -c %s "$2"');
  tool("dd", 'exec cat "${1#if=}"');
  server = new Server({ hostKeys: [host.private] }, (client) => {
    client.on("error", () => undefined);
    client.on("authentication", (context) => {
      context.accept();
    });
    client.on("session", (accept) => {
      accept().on("exec", (take, _refuse, { command }) => {
        const channel = take();
        const child = spawn("sh", ["-c", command], { env: { PATH: `${folder}:${process.env["PATH"] ?? ""}` } });
        child.stderr.pipe(channel.stderr);
        child.stdout.pipe(channel, { end: false });
        child.on("close", (code) => {
          channel.exit(code ?? 255);
          channel.end();
        });
      });
    });
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  port = (server.address() as net.AddressInfo).port;
});

afterEach(async () => {
  await new Promise((closed) => server.close(closed));
  fs.rmSync(folder, { recursive: true });
});

function node(hostKey = host.public) {
  const endpoints = { alpha: { ...endpoint(1), public4: "127.0.0.1", hostKey } };
  const [first] = nodesOf({ endpoints, sshPrivateKey: login.private }, "test");
  if (first?.connection === undefined) throw new Error("no node");
  const connection = { ...first.connection, port };
  return {
    ...first,
    connection,
    run: async (command: string) => {
      const { sshExec } = await import("../../../components/internal/sshExec");
      return sshExec(connection, command, 10_000);
    },
  };
}

describe("a copy of a device", () => {
  it("comes whole over SSH, under its name only then", async () => {
    const device = path.join(folder, "device");
    const data = Buffer.concat([Buffer.from("first"), Buffer.alloc(3 << 20), Buffer.from("last")]);
    fs.writeFileSync(device, data);
    const file = path.join(folder, "image");
    await expect(copyDevice(node(), device, file, 10_000)).resolves.toBe(data.length);
    expect(fs.readFileSync(file).equals(data)).toBe(true);
    expect(fs.existsSync(`${file}.part`)).toBe(false);
  });

  it("that breaks off leaves nothing, and nothing is discarded", async () => {
    const device = path.join(folder, "device");
    fs.writeFileSync(device, "data");
    fs.writeFileSync(path.join(folder, "dd"), "#!/bin/sh\nprintf da\necho 'read error' >&2\nexit 1\n");
    const file = path.join(folder, "image");
    await expect(copyDevice(node(), device, file, 10_000)).rejects.toThrow(/nothing was discarded[\s\S]*read error/);
    expect(fs.readdirSync(folder).filter((name) => name.startsWith("image"))).toEqual([]);
  });

  it("is not taken from a host that shows another key", async () => {
    const other = keyPair().public;
    await expect(copyDevice(node(other), "/dev/null", path.join(folder, "image"), 10_000)).rejects.toThrow(
      /did not do it/,
    );
  });
});
