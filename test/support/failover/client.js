"use strict";
// Usage: node client.js '{"base": "http://198.51.100.9", "host": "www.example.org", "kinds": ["db", "file"], "first": 1, "everyMs": 200}'
// With "authority", whose certificates are to be believed, over HTTPS.
// Asks for a write of each kind every so often, whatever became of those before, as independent visitors do. One JSON line for each
// attempt when it has ended. Ends when its standard input does, after the attempts under way.
const http = require("node:http");
const https = require("node:https");
const { clearInterval, setInterval, setTimeout } = require("node:timers");

const {
  base,
  host,
  kinds,
  first,
  authority,
  everyMs = 200,
  timeoutMs = 2000,
  mostAtOnce = 2,
} = JSON.parse(process.argv[2]);
let ending = false;
// By kind: writers that wait for a database must not take up all of the web server's processes.
const under = Object.fromEntries(kinds.map((kind) => [kind, 0]));
const idle = () => Object.values(under).every((count) => count === 0);

function attempt(kind, n) {
  const start = Date.now();
  under[kind] += 1;
  let over = false;
  const done = (ok, words) => {
    if (over) return;
    over = true;
    under[kind] -= 1;
    const line = { kind, n, start, end: Date.now(), ok, words: String(words).trim().slice(0, 200) };
    process.stdout.write(`${JSON.stringify(line)}\n`);
    if (ending && idle()) process.exit(0);
  };
  const request = (authority === undefined ? http : https).get(
    `${base}/ack.php?kind=${kind}&n=${n}`,
    { headers: { host }, servername: host, ca: authority, agent: false, timeout: timeoutMs },
    (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (piece) => (text += piece));
      response.on("error", (error) => done(false, error.message));
      response.on("end", () => done(response.statusCode === 200 && text.startsWith("ok "), text));
    },
  );
  // The whole answer has to be there in time, not only the next byte of it.
  setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs).unref();
  request.on("timeout", () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
  request.on("error", (error) => done(false, error.message));
}

let n = first;
const timer = setInterval(() => {
  for (const kind of kinds) if (under[kind] < mostAtOnce) attempt(kind, n);
  n += 1;
}, everyMs);

process.stdin.resume();
process.stdin.on("end", () => {
  ending = true;
  clearInterval(timer);
  if (idle()) process.exit(0);
  setTimeout(() => process.exit(0), timeoutMs + 1000);
});
