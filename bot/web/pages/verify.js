// Checks a receipt on the reader's own device, as bot/consent/verifier.py does. The page's Content-Security-Policy
// lets it load and send nothing.
"use strict";

const FIELDS = [
  "person", "person_seq", "kind", "purpose", "at", "recorded_at", "question", "locale", "expires_at", "notice",
  "wording", "legal_basis", "method", "rule", "actor", "inbound", "answer_hash", "app_version",
];
const LATER_FIELDS = ["accepted_at", "delivered_at", "seen", "clock", "subject"];
const SALTED = 32; // hexadecimal digits of the salted hash of an address

class NotProven extends Error {}
class TooOld extends Error {}

const utf8 = (text) => new TextEncoder().encode(text);
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const fromBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

function fromHex(text) {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new NotProven("not hexadecimal");
  return Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));
}

function joined(...parts) {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

async function salted(key, text) {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return hex(new Uint8Array(await crypto.subtle.sign("HMAC", imported, utf8(text))));
}

function demand(holds, reason) {
  if (!holds) throw new NotProven(reason);
}

// RFC 9162, section 2.1.3.2
async function checkInclusion(leaf, index, size, proof, root) {
  demand(Number.isSafeInteger(index) && index >= 0 && index < size, "the tree has no such leaf");
  let node = index, last = size - 1, found = leaf;
  for (const step of proof) {
    demand(step.length === 32 && last > 0, "the proof is malformed");
    if (node % 2 || node === last) {
      found = await sha256(joined(Uint8Array.of(1), step, found));
      while (node % 2 === 0 && node) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else {
      found = await sha256(joined(Uint8Array.of(1), found, step));
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  demand(last === 0 && hex(found) === hex(root), "the proof leads to another root");
}

// A signed note, https://c2sp.org/tlog-checkpoint
async function opened(note, publicKey) {
  const form = /^([^\n]+)\n(0|[1-9][0-9]*)\n([A-Za-z0-9+/]+=*)\ntime ([0-9]+)\n\n\u2014 ([^ \n]+) ([A-Za-z0-9+/]+=*)\n$/;
  const [, origin, size, root, time, signer, stamp] = form.exec(note) || [];
  demand(origin && origin === signer, "the checkpoint has another form");
  const text = `${origin}\n${size}\n${root}\ntime ${time}\n`;
  const signed = fromBase64(stamp);
  const name = await sha256(joined(utf8(`${origin}\n`), Uint8Array.of(1), publicKey));
  demand(hex(signed.slice(0, 4)) === hex(name.slice(0, 4)), "the checkpoint is signed by another key");
  let key;
  try {
    key = await crypto.subtle.importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]);
  } catch {
    throw new TooOld("no Ed25519");
  }
  demand(await crypto.subtle.verify({ name: "Ed25519" }, key, signed.slice(4), utf8(text)), "the signature is forged");
  return { size: Number(size), root: fromBase64(root) };
}

async function recordHash(previous, record) {
  const values = FIELDS.map((name) => {
    demand(name in record, "a field is missing");
    return String(record[name]);
  });
  for (const name of LATER_FIELDS) if (record[name]) values.push(`${name}=${record[name]}`);
  return sha256(joined(previous, utf8(JSON.stringify(values))));
}

async function checkWords(record, evidence) {
  if (record.wording) {
    const text = evidence.wordings[record.wording];
    demand(typeof text === "string" && hex(await sha256(utf8(text))) === record.wording, "another text was shown");
  }
  if (evidence.answer_key && record.answer_hash) demand(record.answer, "an answer was left out");
  if (record.answer) {
    demand(evidence.answer_key, "an answer without its key");
    const hash = await salted(fromHex(evidence.answer_key), record.answer);
    demand(hash === record.answer_hash, "another answer was given");
  }
}

// Returns the addresses that the records are about.
async function checkSubject(evidence) {
  const sealed = new Set(evidence.records.flatMap((record) => (record.subject || "").match(/.{32}/g) || []));
  if (!evidence.about) {
    demand(!evidence.answer_key || !sealed.size, "whom it is about was left out");
    return [];
  }
  const named = new Set();
  for (const address of evidence.about.addresses) {
    const hash = (await salted(fromHex(evidence.about.key), address)).slice(0, SALTED);
    demand(sealed.has(hash), "no record is about this address");
    demand(!named.has(hash), "an address is named twice");
    named.add(hash);
  }
  const unnamed = sealed.size - named.size;
  demand(unnamed === (evidence.about.unnamed ?? unnamed), "an address was left out");
  return evidence.about.addresses;
}

// Returns whom the evidence is about; throws NotProven, or TooOld if the browser can't check signatures.
async function checkEvidence(evidence, publicKeys) {
  demand(publicKeys.includes(evidence.public_key), "signed by somebody else");
  const checkpoint = await opened(evidence.checkpoint, fromHex(evidence.public_key));
  demand(evidence.records.length, "there are no records in it");
  let previous = new Uint8Array();
  for (const [index, record] of evidence.records.entries()) {
    demand(Number(record.person_seq) === index + 1 && record.person === evidence.person, "a record is missing");
    previous = await recordHash(previous, record);
    demand(hex(previous) === record.entry_hash, "a record was changed");
    await checkWords(record, evidence);
    const leaf = await sha256(joined(Uint8Array.of(0), previous));
    await checkInclusion(leaf, record.leaf, checkpoint.size, record.proof.map(fromHex), checkpoint.root);
  }
  return checkSubject(evidence);
}

// Returns the evidence inside of a PDF, or of a JSON file.
async function read(bytes) {
  if (new TextDecoder().decode(bytes.slice(0, 5)) !== "%PDF-") return JSON.parse(new TextDecoder().decode(bytes));
  const raw = new TextDecoder("latin1").decode(bytes);
  for (const found of raw.matchAll(/\/EmbeddedFile\b/g)) {
    const stream = raw.indexOf("stream", found.index);
    const dictionary = raw.slice(raw.lastIndexOf(" obj", found.index), stream);
    const begin = stream + (raw.startsWith("stream\r\n", stream) ? 8 : 7);
    const length = Number((/\/Length (\d+)/.exec(dictionary) || [])[1]);
    const packed = new Blob([bytes.slice(begin, begin + length)]).stream();
    const file = await new Response(packed.pipeThrough(new DecompressionStream("deflate"))).text();
    if (file.startsWith("{")) return JSON.parse(file);
  }
  throw new NotProven("there is no evidence in it");
}

if (typeof document !== "undefined") {
  const page = document.querySelector("main");
  const say = (name, addresses = []) => {
    document.querySelector("#result").textContent = page.dataset[name];
    document.querySelector("#result").className = name;
    document.querySelector("#about").textContent = addresses.join("\n");
  };
  document.querySelector("input").addEventListener("change", async ({ target }) => {
    if (!target.files.length) return;
    try {
      const evidence = await read(new Uint8Array(await target.files[0].arrayBuffer()));
      const addresses = await checkEvidence(evidence, page.dataset.keys.split(" "));
      const scanned = decodeURIComponent(location.hash.slice(1)); // the checkpoint that is printed as a code
      demand(!scanned || scanned === evidence.checkpoint, "this is not the file whose code was scanned");
      say("holds", addresses);
    } catch (error) {
      say(error instanceof TooOld ? "older" : "fails");
    }
  });
}
