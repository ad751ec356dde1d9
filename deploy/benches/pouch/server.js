// PouchDB Server's core behind express, in memory: prints its port when it listens.
const { createRequire } = require("node:module");
const load = createRequire(process.argv[2] + "/package.json");
const PouchDB = load("pouchdb").plugin(load("pouchdb-adapter-memory")).defaults({ adapter: "memory" });
const app = load("express")();
app.use("/db", load("express-pouchdb")(PouchDB, { mode: "minimumForPouchDB", inMemoryConfig: true, logPath: "/dev/null" }));
const listener = app.listen(0, "127.0.0.1", () => console.log(listener.address().port));
