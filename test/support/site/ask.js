"use strict";
// Usage: node ask.js <JSON on standard input>
// One look at a site from inside the lab's network, as one JSON object.
//   {"page": "/path", "address", "host", "authority"}      → {"status", "location", "body" (base64), "certificate": {"names", "serial", "ends"}}
//   {"plain": "/path", "address", "host"}                  → the same over HTTP
//   {"resolve": "www.example.org", "type": "A", "server"}  → {"answers": [...]}: what a name server says; an error's code counts as one
const { Buffer } = require("node:buffer");
const dns = require("node:dns");
const fs = require("node:fs");
const http = require("node:http");
const https = require("node:https");

const SECONDS = 20;

function page({ page: path, plain, address, host, authority }) {
  return new Promise((resolve, reject) => {
    const options = { host: address, servername: host, ca: authority, headers: { host }, agent: false };
    const request = (plain === undefined ? https : http).get({ ...options, path: path ?? plain }, (response) => {
      const peer = plain === undefined ? response.socket.getPeerCertificate() : undefined;
      const certificate = peer && { names: peer.subjectaltname, serial: peer.serialNumber, ends: peer.valid_to };
      const pieces = [];
      response.on("data", (piece) => pieces.push(piece));
      response.on("error", reject);
      response.on("end", () => {
        const body = Buffer.concat(pieces).toString("base64");
        resolve({ status: response.statusCode, location: response.headers.location, body, certificate });
      });
    });
    request.setTimeout(SECONDS * 1000, () => request.destroy(new Error(`no answer within ${SECONDS} s`)));
    request.on("error", reject);
  });
}

async function names({ resolve: name, type, server }) {
  const resolver = new dns.promises.Resolver({ timeout: 3000, tries: 3 });
  resolver.setServers([server]);
  return { answers: await resolver.resolve(name, type).catch((error) => [error.code]) };
}

const task = JSON.parse(fs.readFileSync(0, "utf8"));
(task.resolve === undefined ? page(task) : names(task)).then(
  (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`),
  (error) => {
    process.stderr.write(`${task.address ?? task.server}: ${error.message}\n`);
    process.exitCode = 1;
  },
);
