import type { SendState } from "../../store/types";

// Where a record is, in words: stored here, or answered by the centre. Nothing in between is claimed.
export const SEND: Record<SendState, { word: string; look: "ok" | "warn" | "bad" }> = {
  waiting: { word: "等着上传", look: "warn" },
  sent: { word: "中心已收到", look: "ok" },
  refused: { word: "要处理", look: "bad" },
};
