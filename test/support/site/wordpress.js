"use strict";
// Usage: node wordpress.js <JSON on standard input>
// What a person does with a WordPress site, in a browser, through the one address that is given. The answer is one JSON object.
//   {"do": "publish", "address", "host", "authority", "user", "password", "title", "picture"}  → {"url", "cookies"}
//   {"do": "read", "address", "host", "authority", "url", "cookies"}                           → {"title", "picture", "width", "user"}
const { Buffer } = require("node:buffer");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { Browser, KEYS } = require("./webDriver.js");

async function logIn(browser, { host, user, password }) {
  await browser.go(`https://${host}/wp-login.php`);
  // WordPress gives the name's field the focus after a moment, and what is typed by then would be in the wrong one.
  await browser.until("the form's focus", 30, () => browser.run("return document.activeElement?.id === 'user_login'"));
  await browser.type("#user_login", user);
  await browser.type("#user_pass", password);
  await browser.click("#wp-submit");
  const words = "return document.querySelector('#login_error')?.innerText";
  await browser.until("to be logged in", 120, async () => {
    const refused = await browser.run(words);
    if (refused) throw new Error(`the login was refused: ${refused}`);
    return (await browser.find("#wpadminbar")).length > 0;
  });
}

/** Writes a post with a picture in WordPress's editor, publishes it, and returns its address. */
async function publish(browser, { host, title, picture }) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "linode-ha-picture-"));
  try {
    const file = path.join(folder, "picture.png");
    fs.writeFileSync(file, Buffer.from(picture, "base64"));
    await browser.go(`https://${host}/wp-admin/post-new.php`);
    const guide = ".edit-post-welcome-guide";
    await browser.see(".editor-post-publish-button__button", 180);
    // Shown to an account's first time only, at some moment after the editor: it would take the keys and clicks that are meant for the post.
    await browser.run("wp.data.dispatch('core/preferences').set('core/edit-post', 'welcomeGuide', false)");
    await browser.until("the guide to be gone", 30, async () => (await browser.find(guide)).length === 0);
    const [canvas] = await browser.find("iframe[name=editor-canvas]");
    await browser.enter(canvas);
    await browser.click(".wp-block-post-title");
    await browser.press([...title, KEYS.enter, ..."/image"]);
    await browser.enter(undefined);
    await browser.see(".components-autocomplete__result", 60);
    await browser.press([KEYS.enter]);
    await browser.enter(canvas);
    await browser.choose(".wp-block-image input[type=file]", file);
    await browser.see(`.wp-block-image img[src^="https://${host}/"]`, 120);
    await browser.enter(undefined);
    await browser.click(".editor-post-publish-button__button");
    await browser.click(".editor-post-publish-panel .editor-post-publish-button");
    await browser.see(".post-publish-panel__postpublish-buttons a", 120);
    return await browser.run("return document.querySelector('.post-publish-panel__postpublish-buttons a').href");
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

const DEEDS = {
  async publish(browser, task) {
    await logIn(browser, task);
    const url = await publish(browser, task);
    return { url, cookies: await browser.ask("GET", "/cookie") };
  },
  async read(browser, { host, url, cookies = [] }) {
    if (cookies.length > 0) {
      // A cookie can be given to the site that is open only.
      await browser.go(`https://${host}/ha-health`);
      for (const cookie of cookies) await browser.ask("POST", "/cookie", { cookie });
    }
    await browser.go(url);
    await browser.see(".wp-block-post-title", 60);
    await browser.until("the picture to be loaded", 60, () =>
      browser.run(
        "const [p] = document.querySelectorAll('.wp-block-image img'); return p?.complete === true && p.naturalWidth > 0",
      ),
    );
    return await browser.run(`const p = document.querySelector('.wp-block-image img');
      return { title: document.querySelector('.wp-block-post-title').innerText, picture: p.src, width: p.naturalWidth,
        user: document.querySelector('#wp-admin-bar-my-account .display-name')?.textContent ?? "" }`);
  },
};

(async () => {
  const task = JSON.parse(fs.readFileSync(0, "utf8"));
  const browser = await Browser.open({ addresses: { [task.host]: task.address }, authority: task.authority });
  try {
    process.stdout.write(`${JSON.stringify(await DEEDS[task.do](browser, task))}\n`);
  } finally {
    await browser.close();
  }
})().catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
