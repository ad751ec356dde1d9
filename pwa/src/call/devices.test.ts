import { afterEach, describe, expect, test, vi } from "vitest";
import { again, gadgets } from "../kit/gadgets";
import { choose, chosen, microphone, why } from "./devices";

const kept = new Map<string, string>();
const all = [
  { kind: "audioinput", deviceId: "default", label: "默认" },
  { kind: "audioinput", deviceId: "a", label: "内置麦克风" },
  { kind: "audioinput", deviceId: "b", label: "耳机" },
  { kind: "audiooutput", deviceId: "c", label: "" },
];
function computer(open: (wanted: MediaStreamConstraints) => Promise<unknown>, devices = all): ReturnType<typeof vi.fn> {
  const getUserMedia = vi.fn(open);
  vi.stubGlobal("navigator", { mediaDevices: { enumerateDevices: () => Promise.resolve(devices), getUserMedia } });
  vi.stubGlobal("localStorage", { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value) });
  return getUserMedia;
}
afterEach(() => {
  vi.unstubAllGlobals();
  kept.clear();
});

describe("what this computer has", () => {
  test("is listed without the browser's aliases, and named when the browser does not", async () => {
    computer(() => Promise.resolve());
    expect((await gadgets("audioinput")).map(({ name }) => name)).toEqual(["内置麦克风", "耳机"]);
    expect((await gadgets("audiooutput")).map(({ name }) => name)).toEqual(["扬声器 1"]);
  });

  test("a choice is kept, found by name when its id is another, and left when it is gone", async () => {
    computer(() => Promise.resolve());
    choose("audioinput", { id: "b", name: "耳机" });
    expect(await chosen("audioinput")).toEqual({ id: "b", name: "耳机" });
    expect(again([{ id: "z", name: "耳机" }], { id: "b", name: "耳机" })?.id).toBe("z");
    expect(again([{ id: "a", name: "内置麦克风" }], { id: "b", name: "耳机" })).toBeUndefined();
  });

  test("what is kept and broken does not matter", async () => {
    kept.set("jjb-call-sound", "{");
    computer(() => Promise.resolve());
    expect(await chosen("audioinput")).toBeUndefined();
  });
});

describe("the microphone of a call", () => {
  test("is the chosen one; when that one fails, the computer's own", async () => {
    const open = computer((wanted) => (JSON.stringify(wanted).includes("exact") ? Promise.reject(new DOMException("", "NotReadableError")) : Promise.resolve("own")));
    choose("audioinput", { id: "b", name: "耳机" });
    expect(await microphone()).toBe("own");
    expect(open).toHaveBeenCalledTimes(2);
  });

  test.each([
    ["NotAllowedError", "mic.denied"],
    ["NotFoundError", "mic.none"],
    ["NotReadableError", "mic.busy"],
  ])("%s is said in words", async (name, code) => {
    computer(() => Promise.reject(new DOMException("", name)));
    await expect(microphone()).rejects.toMatchObject({ code });
    expect(why(new DOMException("", name)).next).toContain("再试");
  });

  test("without any devices interface there is none", async () => {
    vi.stubGlobal("navigator", {});
    await expect(microphone()).rejects.toMatchObject({ code: "mic.none" });
  });
});
