"use strict";
// Usage: node readers.js '{"addresses": {"web1": "198.51.100.2", …}, "host", "authority", "page": "/"}'
// Every half second somebody asks each node for a page, whatever became of those before. One JSON line for each answer, or for none in time:
// {"node", "start", "end", "ok", "words"}. Ends when its standard input does.
const https = require("node:https");
const { setInterval, setTimeout } = require("node:timers");

const { addresses, host, authority, page, everyMs = 500, timeoutMs = 5000 } = JSON.parse(process.argv[2]);

function ask(node, address) {
  const start = Date.now();
  let over = false;
  const done = (ok, words) => {
    if (over) return;
    over = true;
    process.stdout.write(
      `${JSON.stringify({ node, start, end: Date.now(), ok, words: String(words).slice(0, 200) })}\n`,
    );
  };
  const options = { host: address, servername: host, ca: authority, path: page, headers: { host }, agent: false };
  const request = https.get(options, (response) => {
    response.resume();
    response.on("error", (error) => done(false, error.message));
    response.on("end", () => done(response.statusCode === 200, response.statusCode));
  });
  // The whole answer has to be there in time, not only the next byte of it.
  setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs).unref();
  request.on("error", (error) => done(false, error.message));
}

setInterval(() => Object.entries(addresses).forEach(([node, address]) => ask(node, address)), everyMs);
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
