"use strict";
const path = require("node:path");

const MINUTE = 60_000;

/** One kind of test: the folder below test/ of that name. */
function project(name, testTimeout) {
  return {
    displayName: name,
    rootDir: __dirname,
    roots: [path.join(__dirname, "test")],
    testMatch: [`**/test/${name}/**/*.test.ts`],
    testEnvironment: "node",
    transform: {
      "^.+\\.ts$": [
        "@swc/jest",
        { jsc: { parser: { syntax: "typescript" }, target: "es2022" }, module: { type: "commonjs" } },
      ],
    },
    // Jest heeds `testTimeout` only at the top; a project's own has to be set from within.
    setupFilesAfterEnv: [path.join(__dirname, "test", "support", "timeouts.ts")],
    globals: { TEST_TIMEOUT_MS: testTimeout },
  };
}

/** @type {import("jest").Config} */
module.exports = {
  // Five kinds, cheapest first. Those of `lab` and `campaign` share one lab: run them with --runInBand.
  projects: [
    project("unit", MINUTE),
    project("golden", MINUTE),
    project("hosts", 10 * MINUTE),
    project("lab", 30 * MINUTE),
    // What does not fit into `make test`'s time: see scripts/campaign.sh.
    project("campaign", 60 * MINUTE),
  ],
};
