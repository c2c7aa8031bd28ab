"use strict";
// What the engine loads. The pack itself is compiled with the rest of the package.
const path = require("node:path");
const fs = require("node:fs");
const main = path.join(__dirname, "..", "dist", "policy", "main.js");
if (!fs.existsSync(main)) {
  throw new Error(`linode-ha's policy pack is not built yet (${main} is missing): run \`make build\` first`);
}
require(main);
