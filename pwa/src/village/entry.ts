// The village page starts: program first, store by App.vue (it shows what boot finds), service worker in the background.
import { createApp } from "vue";

import "../kit/kit.css";
import "./village.css";
import { updates } from "../sw/updates";
import App from "./App.vue";
import { router } from "./router";

createApp(App).use(router).mount("#app");
void updates.start();
