import { createServer, type Socket } from "node:net";
import type { Command } from "commander";
import { LabError } from "../machines/errors";
import { openTunnel } from "./control";
import { runningLab } from "./running";

/** `linode-lab forward NODE:PORT` */
export function defineForward(program: Command): void {
  program
    .command("forward")
    .description("make a Linode's port reachable on this machine's loopback, until ^C")
    .argument("<node:port>", "for example web1:80")
    .option("--listen <port>", "the port on 127.0.0.1 (default: any free one)", "0")
    .action(async (target: string, options: { listen: string }) => {
      const { node, port } = parseTarget(target);
      const { paths } = runningLab(program.opts<{ lab?: string }>().lab);
      await forward((): Promise<Socket> => openTunnel(paths, node, port), target, Number(options.listen));
    });
}

/** Reads `web1:80`. */
export function parseTarget(target: string): { readonly node: string; readonly port: number } {
  const [, node, digits] = /^([A-Za-z0-9_.-]+):(\d{1,5})$/.exec(target) ?? [];
  const port = Number(digits);
  if (node === undefined || !(port >= 1 && port <= 65_535)) {
    throw new LabError(`${JSON.stringify(target)} is not a Linode's port.`, {
      hint: "Write it as label:port, for example web1:80.",
    });
  }
  return { node, port };
}

async function forward(open: () => Promise<Socket>, target: string, listen: number): Promise<void> {
  const server = createServer((near) => {
    near.on("error", () => undefined);
    open().then(
      (far) => {
        far.on("error", () => near.destroy());
        near.on("close", () => far.destroy());
        far.on("close", () => near.destroy());
        near.pipe(far).pipe(near);
      },
      (error: unknown) => {
        process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
        near.destroy();
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRINUSE") {
        reject(error);
        return;
      }
      reject(
        new LabError(`Port ${listen} on 127.0.0.1 is taken by another program.`, {
          hint: "Choose another with --listen.",
        }),
      );
    });
    server.listen(listen, "127.0.0.1", resolve);
  });
  const { port } = server.address() as { port: number };
  process.stdout.write(`127.0.0.1:${port} -> ${target}\n`);
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, resolve);
  });
  // What is under way ends with us.
  process.exit(0);
}
