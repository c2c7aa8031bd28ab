"use strict";
// Writes what is generated into the guides, between its markers: the tables of all configuration keys into docs/stacks, that of the
// times into docs/fencing.md. Needs a build.
const fs = require("node:fs");
const path = require("node:path");
const { GUIDES } = require("../dist/config/guides");
const { renderReference } = require("../dist/config/reference");
const { renderTimings } = require("../dist/hosts/timingsTable");

/** Puts a table between the markers of that name. */
function write(file, name, table) {
  const whole = path.join(__dirname, "..", "docs", file);
  const pattern = new RegExp(`^([^]*<!-- ${name}: begin[^\\n]*\\n)[^]*(\\n<!-- ${name}: end[^]*)$`);
  const [, before, after] = pattern.exec(fs.readFileSync(whole, "utf8"));
  fs.writeFileSync(whole, `${before}\n${table}\n${after}`);
}

for (const [system, fields] of GUIDES) write(`stacks/${system}.md`, "config", renderReference(fields));
write("fencing.md", "timings", renderTimings());
