// One build for both pages: the village page (index.html, works offline) and the agent desk (desk.html).
// Beside them it writes what the server-rendered consoles share (kit/), and a .gz of every text file for the portal.
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import vue from "@vitejs/plugin-vue";
import { type Plugin, type ResolvedConfig, preprocessCSS } from "vite";
import { VitePWA } from "vite-plugin-pwa";
import { defineConfig } from "vitest/config";

import { wordsOf } from "./src/cobrowse/collect";
import { bare } from "./src/kit/sql";

const HERE = dirname(fileURLToPath(import.meta.url));
const DIST = join(HERE, "dist");
const ENGINE = (JSON.parse(readFileSync(join(HERE, "node_modules/onnxruntime-web/package.json"), "utf8")) as { version: string }).version;
const VERSION = /VERSION = "([^"]+)"/.exec(readFileSync(join(HERE, "../app/version.py"), "utf8"))?.[1] ?? "0";

/** Files of the build that the village page needs; filled while the bundle is made. */
const villageFiles = new Set<string>();

/** Collects what is reachable from index.html, so that the service worker does not store the desk in every village. */
function villageGraph(): Plugin {
  return {
    name: "village-graph",
    generateBundle(_options, bundle) {
      // SQLite's glue names helpers of file systems and of an API that we do not use.
      Object.keys(bundle).filter((name) => /sqlite3-(worker1|opfs-async-proxy)-/.test(name)).forEach((name) => delete bundle[name]);
      const visit = (name: string): void => {
        const chunk = bundle[name];
        if (villageFiles.has(name) || chunk?.type !== "chunk") return;
        villageFiles.add(name);
        chunk.viteMetadata?.importedCss.forEach((css) => villageFiles.add(css));
        chunk.viteMetadata?.importedAssets.forEach((asset) => villageFiles.add(asset));
        [...chunk.imports, ...chunk.dynamicImports].forEach(visit);
      };
      for (const [name, chunk] of Object.entries(bundle)) {
        if (chunk.type === "chunk" && chunk.isEntry && chunk.facadeModuleId?.endsWith("index.html")) visit(name);
      }
    },
  };
}

/** The engine that reads print travels in the recognition pack (app/reading/pack.py), to those who want it. */
const ENGINE_FILE = /ort-wasm-.*\.wasm$/;

/** All that the village's workers are made of, also what they fetch later, is stored in every village. */
function workerGraph(): Plugin {
  return {
    name: "worker-graph",
    generateBundle(_options, bundle) {
      Object.keys(bundle).filter((name) => !ENGINE_FILE.test(name)).forEach((name) => villageFiles.add(name));
    },
  };
}

/** dist/kit/: the kit's CSS in one file and htmx, under fixed names for the Jinja pages. */
function kit(): Plugin {
  let config: ResolvedConfig;
  return {
    name: "kit",
    apply: "build",
    configResolved: (resolved) => {
      config = resolved;
    },
    async writeBundle() {
      const source = join(HERE, "src/kit/kit.css");
      const { code } = await preprocessCSS(readFileSync(source, "utf8"), source, config);
      mkdirSync(join(DIST, "kit"), { recursive: true });
      writeFileSync(join(DIST, "kit/kit.css"), code);
      copyFileSync(join(HERE, "node_modules/htmx.org/dist/htmx.min.js"), join(DIST, "kit/htmx.min.js"));
    },
  };
}

/** SQL without its comments, which explain the tables to people: 2 kB less on the way to a village. */
function sql(): Plugin {
  return {
    name: "sql",
    enforce: "pre",
    load(id) {
      const [path, query] = id.split("?");
      if (query !== "raw" || !path?.endsWith(".sql")) return null;
      return `export default ${JSON.stringify(bare(readFileSync(path, "utf8")))};`;
    },
  };
}

/** `virtual:words`: what the program itself says on the village page, for pages that are seen (src/cobrowse/mask.ts). */
function words(): Plugin {
  const parts = ["village", "call", "people", "camera", "reading", "kit"].map((part) => join(HERE, "src", part));
  return {
    name: "words",
    resolveId: (id) => (id === "virtual:words" ? "\0words" : null),
    load(id) {
      if (id !== "\0words") return null;
      const files = parts.flatMap((part) => readdirSync(part, { recursive: true, encoding: "utf8" }).map((name) => join(part, name)));
      const sources = files.filter((file) => /(\.vue|(?<!\.test|\.d)\.ts)$/.test(file)).sort();
      const found = sources.flatMap((file) => wordsOf(readFileSync(file, "utf8"), file.endsWith(".vue")));
      return `export default ${JSON.stringify([...new Set(found)])};`;
    },
  };
}

const TEXT = new Set([".js", ".mjs", ".css", ".html", ".wasm", ".svg", ".json", ".webmanifest"]);

/** `<file>.gz` beside every file that shrinks: any static server, and app/portal, can serve it as it is. */
function squeeze(): Plugin {
  return {
    name: "squeeze",
    apply: "build",
    closeBundle: {
      order: "post",
      sequential: true,
      handler() {
        for (const name of readdirSync(DIST, { recursive: true, encoding: "utf8" })) {
          const path = join(DIST, name);
          if (TEXT.has(extname(name))) writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
        }
      },
    },
  };
}

/** Subresource integrity of one built file: a captive portal's page can never take its place in the cache. */
function integrity(name: string): string {
  return `sha256-${createHash("sha256").update(readFileSync(join(DIST, name))).digest("base64")}`;
}

function belongsToVillage(url: string): boolean {
  return !url.startsWith("assets/") || villageFiles.has(url);
}

const pages = { index: join(HERE, "index.html"), desk: join(HERE, "desk.html"), replay: join(HERE, "replay.html") };

export default defineConfig({
  root: HERE,
  base: "/village/",
  define: {
    __APP_VERSION__: JSON.stringify(VERSION),
    __ENGINE__: JSON.stringify(ENGINE),
    __VUE_OPTIONS_API__: "false", // script setup only: 2 kB less
  },
  build: {
    outDir: "dist",
    target: ["chrome108", "firefox114"],
    assetsInlineLimit: 0, // CSP: no data: scripts, and every file has its own integrity
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: {
      input: Object.fromEntries(Object.entries(pages).filter(([, page]) => existsSync(page))),
      // Screens that nobody needs at the first sight come as one file: one request beats ten on a weak link.
      output: {
        codeSplitting: {
          groups: [
            { name: "frame", test: /node_modules\/(@vue|vue|vue-router)\/|vite\/|plugin-vue/, priority: 2 },
            { name: "later", test: /village\/(screens\/(Ask|Case|Item|Mandate|NotFound|Records|Rate|Notice|Device|Help)|parts\/(Keys|Materials|Mandate|Paper|SignPad|Thumb)|autosave|caseform|mandate|papers|parts\/RegionPicker)|kit\/(files|hex)|camera\/painter/, priority: 1, includeDependenciesRecursively: false },
          ],
        },
      },
    },
  },
  worker: {
    format: "es", // what the worker needs now and then comes when needed: `await import(…)`
    plugins: () => [sql(), workerGraph()],
    rollupOptions: {
      // SQLite's own glue changes only with SQLite: an update of our program does not fetch it anew.
      output: { codeSplitting: { groups: [{ name: "sqlite3", test: /sqlite-wasm/ }] } },
    },
  },
  server: { fs: { allow: [join(HERE, "..")] }, proxy: { "^/(enrol|sync|packs|api|ws)": "http://127.0.0.1:8080" } },
  plugins: [
    vue(),
    sql(),
    words(),
    villageGraph(),
    kit(),
    VitePWA({
      strategies: "injectManifest",
      srcDir: "src/sw",
      filename: "service-worker.ts",
      injectRegister: false, // src/sw/updates.ts registers it
      manifest: false, // public/manifest.webmanifest
      injectManifest: {
        rollupFormat: "iife", // Firefox has module service workers only from 147
        globIgnores: ["assets/ort-wasm-*"],
        globPatterns: ["index.html", "assets/*.{js,css,wasm}", "*.{svg,png,webmanifest}"],
        maximumFileSizeToCacheInBytes: 4 * 1024 * 1024,
        manifestTransforms: [
          (entries) => ({
            manifest: entries
              .filter((entry) => belongsToVillage(entry.url))
              .map((entry) => ({ ...entry, integrity: integrity(entry.url) })),
          }),
        ],
      },
    }),
    squeeze(),
  ],
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
