// What our Opus shall be on a weak link, written into the description of the other end: mono, silence costs nothing, loss is
// mended, 16 kbit/s, and 60 ms to a packet, since below 128 kbit/s the headers weigh more than the voice. Pure.

const WISHES: Record<string, string> = {
  stereo: "0", "sprop-stereo": "0", usedtx: "1", useinbandfec: "1", maxaveragebitrate: "16000", maxplaybackrate: "16000",
};

export function forWeakLink(sdp: string): string {
  const opus = /^a=rtpmap:(\d+) opus\/48000/m.exec(sdp)?.[1];
  if (opus === undefined) return sdp;
  const lines = sdp.split("\r\n").filter((line) => !/^a=(max)?ptime:/.test(line));
  const has = lines.some((line) => line.startsWith(`a=fmtp:${opus} `));
  return lines
    .flatMap((line) => {
      if (line.startsWith(`a=fmtp:${opus} `)) return [fmtp(opus, line.slice(line.indexOf(" ") + 1)), "a=ptime:60"];
      if (!has && line.startsWith(`a=rtpmap:${opus} `)) return [line, fmtp(opus, ""), "a=ptime:60"];
      return [line];
    })
    .join("\r\n");
}

function fmtp(opus: string, before: string): string {
  const said = before.split(";").filter(Boolean).map((one) => one.trim().split("=") as [string, string]);
  const all = { ...Object.fromEntries(said), ...WISHES };
  return `a=fmtp:${opus} ${Object.entries(all).map(([name, value]) => `${name}=${value}`).join(";")}`;
}
