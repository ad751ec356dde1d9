import { expect, it } from "vitest";
import { forWeakLink } from "./sdp";

const head = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\na=rtpmap:111 opus/48000/2\r\n";

it("asks for narrow Opus and keeps what was said besides", () => {
  const after = forWeakLink(`${head}a=fmtp:111 minptime=10;useinbandfec=0\r\na=ptime:20\r\na=rtpmap:0 PCMU/8000\r\n`);
  expect(after).toContain("a=fmtp:111 minptime=10;useinbandfec=1;stereo=0;sprop-stereo=0;usedtx=1;maxaveragebitrate=16000;maxplaybackrate=16000\r\na=ptime:60\r\n");
  expect(after).not.toContain("ptime:20");
  expect(forWeakLink(after)).toBe(after);
});

it("adds the wishes where nothing was said, and leaves a description without Opus alone", () => {
  expect(forWeakLink(head)).toContain("a=fmtp:111 stereo=0;");
  expect(forWeakLink("v=0\r\nm=video 9 X 96\r\n")).toBe("v=0\r\nm=video 9 X 96\r\n");
});
