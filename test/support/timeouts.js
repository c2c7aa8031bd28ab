"use strict";
// What jest.config.js says of the kind of test that runs.
jest.setTimeout(globalThis.TEST_TIMEOUT_MS);
