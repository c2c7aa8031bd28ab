import * as fs from "fs";
import * as path from "path";

/** The package's `hosts/` folder with the shell files, whether this runs from the sources or from `dist/`. */
const root = [__dirname, path.join(__dirname, "..", "..", "hosts")].find((folder) =>
  fs.existsSync(path.join(folder, "lib", "core.sh")),
);

/** The path of a shell file of this package, by its path under `hosts/`. */
export function assetPath(name: string): string {
  if (root === undefined) throw new Error(`the package is incomplete: hosts/lib is not beside ${__dirname}`);
  return path.join(root, name);
}

/** The text of a shell file of this package, by its path under `hosts/`. */
export function asset(name: string): string {
  return fs.readFileSync(assetPath(name), "utf8");
}
