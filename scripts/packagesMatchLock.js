"use strict";
// Ends with 0 when node_modules holds what package-lock.json asks for, with 1 otherwise. npm has no such question: `npm ci`
// removes and installs everything each time, and `npm ls` takes seconds.
const fs = require("node:fs");
const path = require("node:path");

const root = process.argv[2] ?? ".";

function packagesOf(file) {
  return JSON.parse(fs.readFileSync(path.join(root, file), "utf8")).packages;
}

function matches() {
  const hidden = "node_modules/.package-lock.json";
  if (!fs.existsSync(path.join(root, hidden))) return false;
  const installed = packagesOf(hidden);
  return Object.entries(packagesOf("package-lock.json")).every(([name, wanted]) => {
    // Packages for other platforms are in the lock file, but not on the disk.
    if (name === "" || wanted.optional === true || wanted.devOptional === true || wanted.peer === true) return true;
    return installed[name]?.version === wanted.version;
  });
}

process.exitCode = matches() ? 0 : 1;
