"use strict";
// Writes the tables of all configuration keys into the guides in docs/stacks, between their markers. Needs a build.
const fs = require("node:fs");
const path = require("node:path");
const { GUIDES } = require("../dist/config/guides");
const { renderReference } = require("../dist/config/reference");

for (const [system, fields] of GUIDES) {
  const file = path.join(__dirname, "..", "docs", "stacks", `${system}.md`);
  const [, before, after] = /^([^]*<!-- config: begin[^\n]*\n)[^]*(\n<!-- config: end[^]*)$/.exec(
    fs.readFileSync(file, "utf8"),
  );
  fs.writeFileSync(file, `${before}\n${renderReference(fields)}\n${after}`);
}
