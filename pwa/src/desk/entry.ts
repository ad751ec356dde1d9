import { createApp } from "vue";
import "../kit/kit.css";
import "./desk.css";
import Desk from "./Desk.vue";

createApp(Desk).mount("#app");
