"use strict";
// Loaded before a program (`node -r`): says at its end how much memory it had resident at most.
process.on("exit", () => require("node:fs").writeSync(2, `peak ${process.resourceUsage().maxRSS} KiB\n`));
