import { Client } from "ssh2";
import type { HostConnection } from "../haNode";

/** What a command on a host answered. */
export interface SshResult {
  readonly code: number;
  readonly stdout: string;
}

/**
 * Runs one command on a host over one connection, with the host key checked.
 *
 * @throws when the host cannot be reached, shows another key, or the command does not end within `timeoutMs`.
 */
export function sshExec(connection: HostConnection, command: string, timeoutMs: number): Promise<SshResult> {
  const expectedKey = connection.hostKey.split(" ")[1] ?? "";
  return new Promise((resolve, reject) => {
    const client = new Client();
    const timer = setTimeout(() => {
      client.destroy();
      reject(new Error(`${connection.host}: no answer to "${command}" within ${timeoutMs / 1000} s`));
    }, timeoutMs);
    const finish = (outcome: () => void): void => {
      clearTimeout(timer);
      client.end();
      outcome();
    };
    client.on("error", (error) => {
      finish(() => {
        reject(new Error(`${connection.host}: ${error.message}`));
      });
    });
    client.on("ready", () => {
      client.exec(command, (error, channel) => {
        if (error) {
          finish(() => {
            reject(error);
          });
          return;
        }
        let stdout = "";
        channel.on("data", (chunk: Buffer) => (stdout += chunk.toString("utf8")));
        channel.stderr.resume();
        channel.on("close", (code: number | null) => {
          finish(() => {
            resolve({ code: code ?? 255, stdout });
          });
        });
      });
    });
    client.connect({
      host: connection.host,
      port: connection.port,
      username: connection.user,
      privateKey: connection.privateKey,
      readyTimeout: timeoutMs,
      algorithms: { serverHostKey: ["ssh-ed25519"] },
      hostVerifier: (key: Buffer) => key.toString("base64") === expectedKey,
    });
  });
}
