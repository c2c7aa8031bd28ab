import * as fs from "node:fs";
import * as path from "node:path";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { Client } from "ssh2";
import type { HostConnection } from "../../components/haNode";
import { UserError } from "../../components/internal/errors";
import { must, quoted, type Node } from "./nodes";

const BLOCK = 65536;
const ZEROS = Buffer.alloc(BLOCK);

/** Writes a stream to a file, leaving holes where it is zeros. Returns how many bytes came. */
export async function writeSparse(stream: AsyncIterable<Buffer>, file: string): Promise<number> {
  const handle = await fs.promises.open(file, "wx", 0o600);
  let at = 0;
  try {
    for await (const chunk of stream) {
      for (let from = 0; from < chunk.length; from += BLOCK) {
        const piece = chunk.subarray(from, from + BLOCK);
        if (!piece.equals(ZEROS.subarray(0, piece.length))) await handle.write(piece, 0, piece.length, at);
        at += piece.length;
      }
    }
    await handle.truncate(at);
    await handle.sync();
    return at;
  } finally {
    await handle.close();
  }
}

/** Refuses a place for a copy before anything else is done. */
export function checkCopyFile(file: string): void {
  const folder = fs.statSync(path.dirname(path.resolve(file)), { throwIfNoEntry: false });
  if (folder?.isDirectory() !== true || fs.existsSync(file) || fs.existsSync(`${file}.part`)) {
    const what =
      folder?.isDirectory() === true
        ? "is there already, or what an earlier try left (.part) is"
        : "its folder is not there";
    throw new UserError("Nothing was changed", [
      { path: "--copy", given: file, what, todo: "name a new file in a folder that is there" },
    ]);
  }
}

/**
 * Copies a node's block device into a file here. The file has its name only once the copy is whole.
 *
 * @throws UserError where it is not.
 */
export async function copyDevice(node: Node, device: string, file: string, timeoutMs: number): Promise<number> {
  if (node.connection === undefined) throw new Error(`no connection to ${node.name}`);
  const size = Number(
    await must(node, `blockdev --getsize64 ${quoted(device)}`, 20_000, `see that ${device} is there`),
  );
  const part = `${file}.part`;
  // Past the page cache: DRBD writes below it.
  const command = `bash -c 'set -o pipefail; dd if="$1" bs=1M iflag=direct status=none | gzip -1' copy ${quoted(device)}`;
  try {
    const came = await streaming(node.connection, command, timeoutMs, async (output) =>
      writeSparse(output.pipe(createGunzip()), part),
    );
    if (came !== size) throw new Error(`${came} of ${size} bytes came`);
    await fs.promises.rename(part, file);
    return came;
  } catch (error) {
    await fs.promises.rm(part, { force: true });
    throw new UserError("The copy failed; nothing was discarded", [
      {
        path: `${device} on ${node.name}`,
        what: error instanceof Error ? error.message : String(error),
        todo: "see that there is room for the file here, then try again",
      },
    ]);
  }
}

/** Runs a command whose output is a stream. The host key is checked. */
function streaming<T>(
  connection: HostConnection,
  command: string,
  timeoutMs: number,
  take: (output: Readable) => Promise<T>,
): Promise<T> {
  const expectedKey = connection.hostKey.split(" ")[1] ?? "";
  return new Promise((resolve, reject) => {
    const client = new Client();
    const fail = (error: Error): void => {
      clearTimeout(timer);
      client.destroy();
      reject(error);
    };
    const timer = setTimeout(() => {
      fail(new Error(`not done within ${timeoutMs / 1000} s`));
    }, timeoutMs);
    client.on("error", fail);
    client.on("close", () => {
      fail(new Error("the connection was lost")); // after success this changes nothing
    });
    client.on("ready", () => {
      client.exec(command, (error, channel) => {
        if (error) {
          fail(error);
          return;
        }
        let said = "";
        channel.stderr.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
        const code = new Promise<number>((ended) =>
          channel.on("close", (status: number | null) => {
            ended(status ?? 255);
          }),
        );
        Promise.all([take(channel), code]).then(([value, status]) => {
          if (status !== 0) {
            fail(new Error(said.trim() || `exit code ${status}`));
            return;
          }
          clearTimeout(timer);
          resolve(value);
          client.end();
        }, fail);
      });
    });
    client.connect({
      host: connection.host,
      port: connection.port,
      username: connection.user,
      privateKey: connection.privateKey,
      readyTimeout: 20_000,
      keepaliveInterval: 10_000,
      algorithms: { serverHostKey: ["ssh-ed25519"] },
      hostVerifier: (key: Buffer) => key.toString("base64") === expectedKey,
    });
  });
}
