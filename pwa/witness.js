// `node pwa/witness.js`: the TypeScript twin of answering for tests and benches. JSON on standard input:
// {"packs": {"knowledge": {"path", "root"}, "lingua": {…}}, "read": [text…], "ask": [text…]}; JSON on standard output:
// {"read": [reading…], "ask": [{"out", "ms"}…]}.
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import { createServer } from "vite";

const root = dirname(fileURLToPath(import.meta.url));
const wanted = JSON.parse(await text(process.stdin));
const quiet = { middlewareMode: true, hmr: false, ws: false, watch: null };
const vite = await createServer({ root, configFile: false, appType: "custom", logLevel: "error", server: quiet });
const module = await vite.ssrLoadModule("/src/store/witness.ts");
const pack = ({ path, root }) => ({ data: new Uint8Array(readFileSync(path)), root });
const witness = await module.Witness.open({ knowledge: pack(wanted.packs.knowledge), lingua: pack(wanted.packs.lingua) });
const lexicon = witness.lexicon();
const known = module.soundsOf(lexicon.chars);
const found = {
  read: wanted.read.map((text) => module.reading(text, lexicon, known)),
  ask: witness.ask(wanted.ask),
};
process.stdout.write(JSON.stringify(found));
await vite.close();
