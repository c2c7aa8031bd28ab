import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeMails } from "../../../lab/cli/mail";
import { readMails, subjectOf } from "../../../lab/mail/read";
import { createMailSink, type Mail, type MailSink } from "../../../lab/mail/sink";

let folder: string;
let file: string;
let sink: MailSink;
let port: number;
const logged: string[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "linode-ha-mail-"));
  file = join(folder, "state", "mail.jsonl");
  sink = createMailSink(file, (line) => logged.push(line));
  port = await sink.listen("127.0.0.1", 0);
});
afterEach(async () => {
  await sink.close();
  rmSync(folder, { recursive: true, force: true });
  expect(logged.splice(0)).toEqual([]);
});

/** Speaks SMTP: sends each line when the one before was answered, and returns the answers' codes. */
function speak(lines: readonly string[]): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const codes: string[] = [];
    const rest = [...lines];
    const socket = connect(port, "127.0.0.1");
    socket.setTimeout(10_000, () => socket.destroy(new Error(`no answer after ${codes.join(" ")}`)));
    socket.on("error", reject);
    socket.on("close", () => resolve(codes));
    socket.on("data", (data) => {
      for (const line of data.toString().trim().split("\r\n")) if (/^\d{3} /.test(line)) codes.push(line.slice(0, 3));
      const next = rest.shift();
      if (next === undefined) socket.end();
      else socket.write(`${next}\r\n`);
    });
  });
}

const message = ["From: root@web1", "Subject: web1 was fenced", "", "told by web2", "..a dot"].join("\r\n");
const dialogue = (text: string): string[] => [
  "EHLO web2",
  "MAIL FROM:<root@example.org>",
  "RCPT TO:<ops@example.org>",
  "RCPT TO:<night@example.org>",
  "DATA",
  `${text}\r\n.`,
  "QUIT",
];

test("a message is kept whole, with its envelope, in a file of root's", async () => {
  expect(await speak(dialogue(message))).toEqual(["220", "250", "250", "250", "250", "354", "250", "221"]);
  const [mail, ...more] = readMails(file);
  expect(more).toEqual([]);
  expect(mail).toMatchObject({
    client: "127.0.0.1",
    from: "root@example.org",
    to: ["ops@example.org", "night@example.org"],
  });
  expect(mail?.message.trimEnd()).toBe(message.replace("..a", ".a"));
  expect(Math.abs(Date.parse(mail?.at ?? "") - Date.now())).toBeLessThan(60_000);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("what is too large is refused, and what comes after it is taken", async () => {
  const codes = await speak(dialogue(`Subject: large\r\n\r\n${"x".repeat(900)}\r\n`.repeat(1300)));
  expect(codes.at(-2)).toBe("552");
  await speak(dialogue(message));
  expect(readMails(file).map(subjectOf)).toEqual(["web1 was fenced"]);
});

test("a message that cannot be kept is the sender's to try again, and the lab's log says so", async () => {
  writeFileSync(join(folder, "state"), "not a folder");
  expect((await speak(dialogue(message))).at(-2)).toBe("451");
  expect(logged.splice(0)).toEqual([expect.stringContaining("mail from 127.0.0.1 could not be kept")]);
});

test("a second sink adds to what is there; a line cut short is left out", async () => {
  await speak(dialogue(message));
  await sink.close();
  sink = createMailSink(file, (line) => logged.push(line));
  port = await sink.listen("127.0.0.1", 0);
  await speak(dialogue(message.replace("web1 was", "web2 was")));
  writeFileSync(file, '{"at": "2026', { flag: "a" });
  expect(readMails(file).map(subjectOf)).toEqual(["web1 was fenced", "web2 was fenced"]);
});

test("mails are told a line each, or whole", () => {
  const mail: Mail = {
    at: "2026-11-22T01:02:03.004Z",
    client: "192.0.2.1",
    from: "root@example.org",
    to: ["ops@example.org"],
    message: "subject: over\r\n two lines\r\n\r\nSubject: not this\r\n",
  };
  expect(describeMails([], false)).toBe("no mail\n");
  expect(describeMails([mail], false)).toBe(
    "2026-11-22T01:02:03Z  root@example.org -> ops@example.org  over two lines\n",
  );
  expect(describeMails([mail], true)).toContain("Subject: not this");
  expect(subjectOf({ ...mail, message: "To: x\r\n\r\nSubject: of the text\r\n" })).toBe("");
});
