"use strict";
// A real browser, driven as W3C's WebDriver has it: Debian's headless Chromium behind its own driver. Plain Node.js, for it runs inside the
// lab's network, where the test itself is not.
const { execFileSync, spawn } = require("node:child_process");
const { Buffer } = require("node:buffer");
const fs = require("node:fs");
const http = require("node:http");
const os = require("node:os");
const path = require("node:path");
const { clearTimeout, setTimeout } = require("node:timers");

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
/** The keys that tests press, as WebDriver names them. */
const KEYS = { enter: "\uE007", escape: "\uE00C" };
const STARTED_SECONDS = 60;

/** A browser of its own: profile, authorities that it trusts, and which address a name leads to. */
class Browser {
  constructor(folder, driver, port) {
    this.folder = folder;
    this.driver = driver;
    this.port = port;
  }

  /** @param options `addresses`: IP address by host name; `authority`: a certificate in PEM form to trust. */
  static async open({ addresses, authority }) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "linode-ha-browser-"));
    if (authority !== undefined) trust(folder, authority);
    const driver = spawn("chromedriver", ["--port=0"], {
      env: { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder, LANG: "C.UTF-8" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const browser = new Browser(folder, driver, await portOf(driver));
    const rules = Object.entries(addresses).map(([name, address]) => `MAP ${name} ${address}`);
    const args = [
      "--headless=new",
      "--no-sandbox", // its own rights are no matter here, and as root it would not start with one
      "--disable-dev-shm-usage",
      "--disable-gpu",
      "--disable-background-networking",
      "--window-size=1280,1000",
      `--user-data-dir=${path.join(folder, "profile")}`,
      `--host-resolver-rules=${rules.join(", ")}`,
    ];
    try {
      await browser.ask("POST", "/session", {
        capabilities: { alwaysMatch: { browserName: "chrome", "goog:chromeOptions": { args } } },
      });
    } catch (error) {
      await browser.close();
      throw error;
    }
    return browser;
  }

  async close() {
    if (this.session !== undefined) await this.ask("DELETE", "").catch(() => undefined);
    const ended = new Promise((resolve) => this.driver.once("close", resolve));
    this.driver.kill("SIGTERM");
    await ended;
    fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async ask(method, where, body) {
    const target = where === "/session" ? where : `/session/${this.session}${where}`;
    const value = await answer(this.port, method, target, body);
    if (where === "/session") this.session = value.sessionId;
    return value;
  }

  go(url) {
    return this.ask("POST", "/url", { url });
  }

  /** Runs a function's text in the page. */
  run(script, ...args) {
    return this.ask("POST", "/execute/sync", { script, args });
  }

  async find(selector) {
    const found = await this.ask("POST", "/elements", { using: "css selector", value: selector });
    return found.map((each) => each[ELEMENT]);
  }

  /** The first element that a selector finds and that can be seen, as soon as there is one. */
  async see(selector, seconds = 60) {
    return await this.until(`to see ${selector}`, seconds, async () => {
      for (const element of await this.find(selector)) {
        if (await this.ask("GET", `/element/${element}/displayed`)) return element;
      }
      return undefined;
    });
  }

  /** Clicks what can be seen, as soon as nothing is before it. */
  async click(selector, seconds = 60) {
    await this.until(`to click ${selector}`, seconds, async () => {
      try {
        await this.ask("POST", `/element/${await this.see(selector, seconds)}/click`, {});
        return true;
      } catch (error) {
        if (/^(element click intercepted|stale element reference|element not interactable)/.test(error.message))
          return undefined;
        throw error;
      }
    });
  }

  async type(selector, text) {
    await this.ask("POST", `/element/${await this.see(selector)}/value`, { text });
  }

  /** Goes into a frame of the page, or back to the page itself. */
  async enter(frame) {
    await this.ask("POST", "/frame", { id: null });
    if (frame !== undefined) await this.ask("POST", "/frame", { id: { [ELEMENT]: frame } });
  }

  /** Keys, one after the other, for whatever has the focus. */
  async press(keys) {
    const actions = keys.flatMap((value) => [
      { type: "keyDown", value },
      { type: "keyUp", value },
    ]);
    await this.ask("POST", "/actions", { actions: [{ type: "key", id: "keyboard", actions }] });
  }

  /** Gives a file to a field for files, which need not be visible. */
  async choose(selector, file, seconds = 60) {
    const element = await this.until(`a field ${selector}`, seconds, async () => (await this.find(selector))[0]);
    await this.ask("POST", `/element/${element}/value`, { text: file });
  }

  /** The first answer of `check` that is something. Says where the browser was when there is none in time. */
  async until(what, seconds, check) {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
      const found = await check();
      if (found !== undefined && found !== false && found !== null) return found;
      if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${what}; ${await this.where()}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  async where() {
    const text = "return location.href + ': ' + document.title + ': ' + (document.body?.innerText ?? '').slice(0, 600)";
    return String(await this.run(text).catch((error) => error.message)).replace(/\s+/g, " ");
  }
}

function trust(folder, authority) {
  const store = path.join(folder, ".pki", "nssdb");
  fs.mkdirSync(store, { recursive: true });
  const file = path.join(folder, "authority.pem");
  fs.writeFileSync(file, authority);
  execFileSync("certutil", ["-d", `sql:${store}`, "-N", "--empty-password"]);
  execFileSync("certutil", ["-d", `sql:${store}`, "-A", "-t", "C,,", "-n", "the lab's authority", "-i", file]);
}

function portOf(driver) {
  return new Promise((resolve, reject) => {
    let text = "";
    const fail = (words) => reject(new Error(`chromedriver ${words}: ${text.slice(-500)}`));
    const timer = setTimeout(() => fail(`did not start within ${STARTED_SECONDS} s`), STARTED_SECONDS * 1000);
    driver.once("error", (error) => fail(error.message));
    driver.once("close", () => fail("ended"));
    driver.stdout.on("data", (piece) => {
      text += piece;
      const port = /started successfully on port (\d+)/.exec(text)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(Number(port));
    });
  });
}

/** One command of WebDriver. @throws Error that begins with the protocol's own name for it */
function answer(port, method, target, body) {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers =
      text === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
    const request = http.request(
      { port, host: "127.0.0.1", method, path: target, headers, agent: false },
      (response) => {
        let got = "";
        response.setEncoding("utf8");
        response.on("data", (piece) => (got += piece));
        response.on("end", () => {
          const { value } = JSON.parse(got);
          if (response.statusCode === 200) resolve(value);
          else reject(new Error(`${value.error}: ${String(value.message).split("\n")[0]} (${method} ${target})`));
        });
      },
    );
    request.setTimeout(180_000, () => request.destroy(new Error(`the browser did not answer ${target} within 180 s`)));
    request.on("error", reject);
    request.end(text);
  });
}

module.exports = { Browser, KEYS };
