// What the browser knows of a connection, once a second.
export interface Meter {
  bytes: number;
  up: number;
  down: number;
  rtt: number | null;
  /** Share of our voice that the other end missed. */
  loss: number;
  /** The browser's estimate of what the link carries from here. */
  kbps: number | null;
  /** Seconds that our packets wait before they leave. */
  backlog: number;
  /** Voice packets that came in. */
  packets: number;
  waited: number;
  left: number;
}
export const UNREAD: Meter = { bytes: 0, up: 0, down: 0, rtt: null, loss: 0, kbps: null, backlog: 0, packets: 0, waited: 0, left: 0 };

const number = (value: unknown): number => (typeof value === "number" ? value : 0);

export async function read(pc: RTCPeerConnection, last: Meter): Promise<Meter> {
  const now: Meter = { ...UNREAD };
  const all = [...(await pc.getStats()).values()] as Record<string, unknown>[];
  // The pair in use, also while its checks go unanswered: on a choked link it is not "succeeded", and is what must be known.
  const used = all.find(({ type }) => type === "transport")?.selectedCandidatePairId;
  const pair = all.find(({ id }) => id === used) ?? all.find(({ type, nominated }) => type === "candidate-pair" && nominated);
  if (pair) {
    now.up = number(pair.bytesSent);
    now.down = number(pair.bytesReceived);
    now.bytes = now.up + now.down;
    if (typeof pair.currentRoundTripTime === "number") now.rtt = pair.currentRoundTripTime;
    if (typeof pair.availableOutgoingBitrate === "number") now.kbps = pair.availableOutgoingBitrate / 1000;
  }
  for (const one of all) {
    if (one.type === "remote-inbound-rtp" && one.kind === "audio") now.loss = number(one.fractionLost);
    else if (one.type === "inbound-rtp" && one.kind === "audio") now.packets += number(one.packetsReceived);
    else if (one.type === "outbound-rtp") {
      now.waited += number(one.totalPacketSendDelay);
      now.left += number(one.packetsSent);
    }
  }
  const left = now.left - last.left;
  now.backlog = left > 0 ? Math.max(0, now.waited - last.waited) / left : 0;
  return now;
}
