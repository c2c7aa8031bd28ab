"use strict";
// Usage: client.js ADDRESS HOST OUT [N] | client.js ADDRESS HOST list
// Asks http://ADDRESS/ack.php?n=… for one number after the other and writes what became of each, a line of JSON, to OUT. Each request is a
// connection of its own, as a visitor's. Ends when OUT.stop is there. "list" prints what is there.
const fs = require("node:fs");
const http = require("node:http");
const { clearTimeout, setTimeout } = require("node:timers");

const [address, host, out] = process.argv.slice(2);
const TIMEOUT_MS = 2000;
const PAUSE_MS = 100;

/** One request: never fails, says what it heard. */
function ask(query, timeoutMs) {
  return new Promise((resolve) => {
    const request = http.get(
      { host: address, path: `/ack.php?${query}`, headers: { Host: host, Connection: "close" }, agent: false },
      (response) => {
        let text = "";
        response.on("data", (chunk) => (text += chunk));
        response.on("end", () => resolve({ status: response.statusCode, text: text.trim() }));
        response.on("error", (error) => resolve({ text: error.message }));
      },
    );
    const timer = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    request.on("error", (error) => resolve({ text: error.message }));
    request.on("close", () => clearTimeout(timer));
  });
}

async function main() {
  if (out === "list") {
    const { status, text } = await ask("list=1", 20_000);
    process.stdout.write(`${text}\n`);
    process.exitCode = status === 200 ? 0 : 1;
    return;
  }
  const file = fs.openSync(out, "a");
  for (let n = Number(process.argv[5] ?? 1); !fs.existsSync(`${out}.stop`); n++) {
    const begun = Date.now();
    const { status, text } = await ask(`n=${n}`, TIMEOUT_MS);
    const node = status === 200 ? new RegExp(`^ack ${n} (\\S+)$`).exec(text)?.[1] : undefined;
    fs.writeSync(file, `${JSON.stringify({ n, begun, ended: Date.now(), node, ...(node ? {} : { status, text }) })}\n`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

void main();
