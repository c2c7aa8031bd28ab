import * as crypto from "node:crypto";

/** An Ed25519 key pair in the texts that OpenSSH reads. */
export interface SshKeyPair {
  /** One line, `ssh-ed25519 AAAA… comment`. */
  readonly publicKey: string;
  /** An unencrypted `OPENSSH PRIVATE KEY` block. A secret. */
  readonly privateKey: string;
}

/** DER header of an Ed25519 private key (RFC 8410); the 32-byte seed follows it. */
const PKCS8_ED25519_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const KEY_TYPE = "ssh-ed25519";

function sshString(value: Buffer | string): Buffer {
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(value, "utf8");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/**
 * Derives an Ed25519 SSH key pair from a secret text, so that a key can be kept as a random password in the stack's state
 * and be known before the host that uses it exists.
 *
 * @param text at least 43 random letters and digits: 256 bits. A secret.
 * @param comment what `ssh-add -l` shows; carries no meaning.
 */
export function sshKeyPairFromSeed(text: string, comment: string): SshKeyPair {
  const seed = crypto.createHash("sha256").update(text).digest();
  const key = crypto.createPrivateKey({
    key: Buffer.concat([PKCS8_ED25519_PREFIX, seed]),
    format: "der",
    type: "pkcs8",
  });
  const jwk = crypto.createPublicKey(key).export({ format: "jwk" });
  const publicBytes = Buffer.from(jwk.x ?? "", "base64url");
  const publicBlob = Buffer.concat([sshString(KEY_TYPE), sshString(publicBytes)]);

  // The format wants the same random number twice, to recognise a wrong passphrase; derived here, so the text is stable.
  const check = crypto.createHash("sha256").update("check").update(seed).digest().subarray(0, 4);
  const unpadded = Buffer.concat([
    check,
    check,
    sshString(KEY_TYPE),
    sshString(publicBytes),
    sshString(Buffer.concat([seed, publicBytes])),
    sshString(comment),
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (unpadded.length % 8)) % 8 }, (_, i) => i + 1));
  const one = Buffer.alloc(4);
  one.writeUInt32BE(1);
  const body = Buffer.concat([
    Buffer.from("openssh-key-v1\0", "binary"),
    sshString("none"),
    sshString("none"),
    sshString(""),
    one,
    sshString(publicBlob),
    sshString(Buffer.concat([unpadded, padding])),
  ]);
  const lines = body.toString("base64").match(/.{1,70}/g) ?? [];
  return {
    publicKey: `${KEY_TYPE} ${publicBlob.toString("base64")} ${comment}`,
    privateKey: ["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----", ""].join("\n"),
  };
}
