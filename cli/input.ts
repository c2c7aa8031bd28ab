import * as fs from "node:fs";
import { UserError } from "../components/internal/errors";

/** Longer texts than this Node.js cannot hold in one string. */
const MOST_BYTES = 400 * 2 ** 20;
/** A whole file. @throws UserError where it is not there, or too large */
export function readBytes(file: string): Buffer {
  try {
    const { size } = fs.statSync(file);
    if (size <= MOST_BYTES) return fs.readFileSync(file);
  } catch (error) {
    const what = (error as NodeJS.ErrnoException).code === "ENOENT" ? "is not there" : "cannot be read";
    throw new UserError("A file cannot be read", [{ path: file, what, todo: "name another file" }]);
  }
  throw tooLarge(file);
}

const tooLarge = (path: string): UserError =>
  new UserError("The preview is too large", [
    {
      path,
      what: `has more than ${MOST_BYTES / 2 ** 20} MiB`,
      todo: "preview a part of the stack: `pulumi preview --json --target …`",
    },
  ]);

/** Whether standard input is a pipe or a file: a terminal is not, nor is what a CI job has, which is nothing. */
export function isFed(): boolean {
  try {
    const input = fs.fstatSync(0);
    return input.isFIFO() || input.isFile() || input.isSocket();
  } catch {
    return false;
  }
}

/** All that comes. @throws UserError where it is too much */
export async function readAll(stream: NodeJS.ReadableStream): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of stream) {
    const buffer = Buffer.from(piece as Uint8Array);
    bytes += buffer.length;
    if (bytes > MOST_BYTES) throw tooLarge("standard input");
    pieces.push(buffer);
  }
  return Buffer.concat(pieces);
}
