import { appendFile, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { SMTPServer, type SMTPServerDataStream } from "smtp-server";
import { API_ADDRESS } from "../network/namespace";
import type { RouterService } from "../network/ruleset";

/** A machine outside the region that takes any Linode's mail, as a smarthost that trusts them would: `mail.relayHost` in a lab. */
export const MAIL_FOR_NODES: RouterService = { address: API_ADDRESS, protocol: "tcp", port: 25, filtered: true };

/** A message that the sink took. */
export interface Mail {
  /** When, in ISO 8601. */
  readonly at: string;
  /** The address that it came from. */
  readonly client: string;
  readonly from: string;
  readonly to: readonly string[];
  /** All of it, headers too. */
  readonly message: string;
}

/** Takes mail, and delivers none of it. */
export interface MailSink {
  /** The port where it listens; of use where it was told to choose one. */
  listen(address: string, port: number): Promise<number>;
  /** Ends what goes on, and listens no more. */
  close(): Promise<void>;
}

/** The largest message that is taken; a larger one is refused in the protocol's own words. */
const MOST_BYTES = 1024 * 1024;

/** A mail server that keeps each message, a JSON line each, in a file. Closed and opened again, it adds to what is there. */
export function createMailSink(file: string, log: (line: string) => void): MailSink {
  const server = new SMTPServer({
    banner: "linode-lab keeps what it is told",
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS"],
    disableReverseLookup: true,
    size: MOST_BYTES,
    // What hangs is not waited for when the lab stops.
    closeTimeout: 1000,
    onData: (stream, session, done) => {
      const { mailFrom, rcptTo } = session.envelope;
      textOf(stream)
        .then(async (message) => {
          if (stream.sizeExceeded) {
            done(Object.assign(new Error(`the message is larger than ${MOST_BYTES} bytes`), { responseCode: 552 }));
            return;
          }
          const mail: Mail = {
            at: new Date().toISOString(),
            client: session.remoteAddress,
            from: mailFrom === false ? "" : mailFrom.address,
            to: rcptTo.map(({ address }) => address),
            message,
          };
          await mkdir(dirname(file), { recursive: true });
          await appendFile(file, `${JSON.stringify(mail)}\n`, { mode: 0o600 });
          done();
        })
        .catch((error: unknown) => {
          log(`mail from ${session.remoteAddress} could not be kept: ${String(error)}`);
          // The sender keeps it, and tries again.
          done(Object.assign(new Error("the message could not be kept"), { responseCode: 451 }));
        });
    },
  });
  // A client that goes away in the middle of its words is no failure of the lab's.
  server.on("error", (error: Error) => log(`mail: ${error.message}`));
  return {
    listen: (address, port) =>
      new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, address, () => {
          server.off("error", reject);
          const bound = server.server.address();
          resolve(bound !== null && typeof bound === "object" ? bound.port : port);
        });
      }),
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

async function textOf(stream: SMTPServerDataStream): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream as AsyncIterable<Buffer>) {
    // To its end even where it is too long: only then is the client answered.
    if (!stream.sizeExceeded) parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}
