import { packages } from "./packages";

// For whoever builds an image: the packages that hosts will ask for, as a JSON array.
process.stdout.write(`${JSON.stringify(packages)}\n`);
