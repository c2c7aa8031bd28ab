import { execFile } from "node:child_process";

/** Hashes a root password for /etc/shadow (SHA-512). The clear text goes through a pipe, never through an argument list. */
export function hashPassword(password: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile("openssl", ["passwd", "-6", "-stdin"], (error, stdout) => {
      if (error) reject(new Error("openssl could not hash the root password: is the openssl command installed?"));
      else resolve(stdout.trim());
    });
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(`${password}\n`);
  });
}
