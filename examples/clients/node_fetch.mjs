// Node's fetch, fifty at once. Knows nothing of rate limits.
//
// Usage: TOKEN=... [ITEMS=50] [AT_ONCE=50] node node_fetch.mjs BASE_URL [FILE]
//
// With a file, each item is an upload of it; it has arrived if the API tells the file's hash.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const [base, file] = process.argv.slice(2);
const { TOKEN, ITEMS = 50, AT_ONCE = 50 } = process.env;
const headers = { authorization: `Bearer ${TOKEN}` };
const body = file && readFileSync(file);
const sent = file && createHash("sha256").update(body).digest("hex");

const read = (item) => fetch(`${base}/v1/people/me?item=${item}`, { headers });

const upload = (item) => fetch(`${base}/v1/echo/${item}`, { method: "PUT", headers, body });

// What became of one item: its status, or what broke.
async function status(item) {
  try {
    const answer = await (file ? upload(item) : read(item));
    const told = await answer.json();
    return answer.ok && file && told.sha256 !== sent ? "other bytes" : answer.status;
  } catch (error) {
    return error.cause?.code ?? error.name;
  }
}

const statuses = {};
let [ok, next] = [0, 1];

async function worker() {
  for (let item; (item = next++) <= ITEMS; ) {
    const found = await status(item);
    statuses[found] = (statuses[found] ?? 0) + 1;
    if (found >= 200 && found < 300) ok += 1;
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, worker));
console.log(JSON.stringify({ ok, failed: ITEMS - ok, statuses }));
