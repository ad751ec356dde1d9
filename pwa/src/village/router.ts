// Screens of the village page. Hash addresses: the page works from any static server and offline. The
// first screen comes with the page; the build puts the others into one more file (vite.config.ts).
import { createRouter, createWebHashHistory, type RouteRecordRaw } from "vue-router";
import { prefs } from "./prefs";
import Home from "./screens/Home.vue";

declare module "vue-router" {
  interface RouteMeta {
    title: string;
    unlocked?: boolean; // for guides, but nothing personal: shows while nobody is logged in
    open?: boolean; // shown in 群众大字版: no personal records
  }
}

const routes: RouteRecordRaw[] = [
  { path: "/", component: Home, meta: { title: "今天" } },
  { path: "/ask", component: () => import("./screens/Ask.vue"), meta: { title: "问一问", open: true } },
  { path: "/items", component: () => import("./screens/Items.vue"), meta: { title: "事项", open: true } },
  { path: "/items/:slug", component: () => import("./screens/Item.vue"), meta: { title: "事项", open: true }, props: true },
  { path: "/items/:slug/guide", component: () => import("./screens/Guide.vue"), meta: { title: "我要带什么", open: true }, props: true },
  { path: "/items/:slug/notice", component: () => import("./screens/Notice.vue"), meta: { title: "一次性告知单", open: true }, props: true },
  { path: "/drafts/:id", component: () => import("./screens/CaseForm.vue"), meta: { title: "填办理单" }, props: true },
  { path: "/mandate/:id", component: () => import("./screens/MandateSheet.vue"), meta: { title: "授权委托书" }, props: true },
  { path: "/done/:no", component: () => import("./screens/CaseDone.vue"), meta: { title: "已收件" }, props: true },
  { path: "/records", component: () => import("./screens/Records.vue"), meta: { title: "办件" } },
  { path: "/records/:no", component: () => import("./screens/CaseView.vue"), meta: { title: "办件" }, props: true },
  { path: "/records/:no/supplement", component: () => import("./screens/Supplement.vue"), meta: { title: "补交材料" }, props: true },
  { path: "/call", component: () => import("./screens/Call.vue"), meta: { title: "呼叫客服" } },
  { path: "/rate", component: () => import("./screens/Rate.vue"), meta: { title: "评价", open: true } },
  { path: "/device", component: () => import("./screens/Device.vue"), meta: { title: "本机状态", unlocked: true } },
  { path: "/device/call", component: () => import("./screens/Gear.vue"), meta: { title: "试通话设备", unlocked: true } },
  { path: "/device/stick", component: () => import("./screens/Stick.vue"), meta: { title: "U盘传递", unlocked: true } },
  { path: "/login", component: () => import("../people/Door.vue"), meta: { title: "登录", unlocked: true } },
  { path: "/help", component: () => import("./screens/Help.vue"), meta: { title: "帮助", open: true } },
  { path: "/:rest(.*)*", component: () => import("./screens/NotFound.vue"), meta: { title: "没有这一页", open: true } },
];

export const router = createRouter({
  history: createWebHashHistory(),
  routes,
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
});

router.beforeEach((to) => (prefs.citizen && !to.meta.open ? { path: "/ask", replace: true } : true));
