// One PouchDB client: a line of JSON in is an order, a line out is what came of it ({ok, ms, docs}).
const { createRequire } = require("node:module");
const load = createRequire(process.argv[2] + "/package.json");
const PouchDB = load("pouchdb").plugin(load("pouchdb-adapter-memory"));
process.on("unhandledRejection", () => {});
const stores = new Map();
function store(name) {
  if (!stores.has(name)) stores.set(name, new PouchDB(name, { adapter: "memory" }));
  return stores.get(name);
}
const remote = (url) => new PouchDB(url, { skip_setup: true });
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

const orders = {
  // Straight to the server, not over the link: what the office does.
  async seed({ url, docs }) {
    const db = new PouchDB(url);
    const known = await db.allDocs({ keys: docs.map((one) => one._id) });
    docs.forEach((one, n) => known.rows[n].value && !known.rows[n].value.deleted && (one._rev = known.rows[n].value.rev));
    await db.bulkDocs(docs);
  },
  async down({ url, name, batch }) {
    await store(name).replicate.from(remote(url), { batch_size: batch });
  },
  async up({ url, name, batch, docs }) {
    await store(name).bulkDocs(docs);
    const began = Date.now();
    await store(name).replicate.to(remote(url), { batch_size: batch });
    return Date.now() - began;
  },
  // One remote handle, so that checkpoints are kept; tried again until all is there or the time is over.
  async cut({ url, name, batch, want, seconds }) {
    const far = remote(url), until = Date.now() + seconds * 1000;
    while (Date.now() < until) {
      const going = store(name).replicate.from(far, { batch_size: batch });
      const over = setTimeout(() => going.cancel(), Math.max(0, until - Date.now()));
      try { await going; } catch { await wait(300); }
      clearTimeout(over);
      if ((await store(name).info()).doc_count >= want) return;
    }
  },
};
let last = Promise.resolve();
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  last = last.then(async () => {
    const order = JSON.parse(line), began = Date.now();
    try {
      const own = await orders[order.do](order);
      const docs = order.name ? (await store(order.name).info()).doc_count : 0;
      console.log(JSON.stringify({ ok: true, ms: own ?? Date.now() - began, docs }));
    } catch (error) {
      console.log(JSON.stringify({ ok: false, ms: Date.now() - began, error: String(error) }));
    }
  });
}).on("close", () => last.then(() => process.exit(0)));
