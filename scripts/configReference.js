"use strict";
// Writes the table of all configuration keys into docs/stacks/dual-primary.md, between its markers. Needs a build.
const fs = require("node:fs");
const path = require("node:path");
const { renderReference } = require("../dist/config/reference");

const file = path.join(__dirname, "..", "docs", "stacks", "dual-primary.md");
const [, before, after] = /^([^]*<!-- config: begin[^\n]*\n)[^]*(\n<!-- config: end[^]*)$/.exec(
  fs.readFileSync(file, "utf8"),
);
fs.writeFileSync(file, `${before}\n${renderReference()}\n${after}`);
