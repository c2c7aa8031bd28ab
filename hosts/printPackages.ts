import { readFileSync, writeFileSync } from "node:fs";
import { packages } from "./packages";

/**
 * For whoever builds an image: the packages that hosts will ask for, as a JSON array.
 *
 *     node dist/hosts/printPackages.js [FILE]
 *
 * Into the file when one is named, and only when it says something else: its time of change then means something.
 */
const [file] = process.argv.slice(2);
const text = `${JSON.stringify(packages, null, 2)}\n`;
if (file === undefined) process.stdout.write(text);
else if (contentOf(file) !== text) writeFileSync(file, text);

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
