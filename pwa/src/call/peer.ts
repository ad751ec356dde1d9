// One connection between two browsers: perfect negotiation (both may offer at any time, the polite one gives way), a data
// channel, voice, and two places for pictures. The places are made once, when the first picture is wanted; from then on
// pictures come and go by replacing tracks, which disturbs nothing that is heard.
import type { Caps } from "./caps";
import { forWeakLink } from "./sdp";

export interface Told {
  description?: RTCSessionDescriptionInit;
  candidate?: RTCIceCandidateInit;
}
export type Place = "camera" | "screen";
const PLACES: Place[] = ["camera", "screen"];

export interface Ends {
  polite: boolean;
  servers: RTCIceServer[];
  tell(told: Told): void;
  onState(state: RTCPeerConnectionState): void;
  onVoice(track: MediaStreamTrack): void;
  onPicture(place: Place, track: MediaStreamTrack): void;
  onData(text: string): void;
  onDataOpen(): void;
}

export class Peer {
  readonly pc: RTCPeerConnection;
  private readonly data: RTCDataChannel;
  private making = false;
  private ignoring = false;
  private answering = false;
  private shown: Record<Place, MediaStreamTrack | null> = { camera: null, screen: null };

  constructor(private readonly ends: Ends, voice: MediaStreamTrack[]) {
    this.pc = new RTCPeerConnection({ iceServers: ends.servers });
    this.data = this.pc.createDataChannel("talk", { negotiated: true, id: 0 });
    this.data.onmessage = ({ data }) => ends.onData(String(data));
    this.data.onopen = () => ends.onDataOpen();
    for (const track of voice) this.pc.addTrack(track);
    this.pc.onicecandidate = ({ candidate }) => candidate && ends.tell({ candidate: candidate.toJSON() });
    this.pc.ontrack = ({ track, transceiver }) => {
      if (track.kind === "audio") ends.onVoice(track);
      else ends.onPicture(PLACES[this.places().indexOf(transceiver)] ?? "screen", track);
    };
    this.pc.onconnectionstatechange = () => ends.onState(this.pc.connectionState);
    this.pc.onnegotiationneeded = () => void this.offer();
  }

  get connected(): boolean {
    return this.pc.connectionState === "connected";
  }

  close(): void {
    this.pc.onnegotiationneeded = this.pc.onicecandidate = this.pc.ontrack = this.pc.onconnectionstatechange = null;
    this.data.onmessage = this.data.onopen = null;
    this.pc.close();
  }

  /** False while the channel is closed: the socket says it then. */
  say(text: string): boolean {
    if (this.data.readyState !== "open") return false;
    this.data.send(text);
    return true;
  }

  restart(): void {
    this.pc.restartIce();
  }

  private async offer(): Promise<void> {
    try {
      this.making = true;
      await this.pc.setLocalDescription();
      this.ends.tell({ description: this.pc.localDescription ?? undefined });
    } catch {
      // the connection was left meanwhile, or the other end's offer came first and holds
    } finally {
      this.making = false;
    }
  }

  async hear({ description, candidate }: Told): Promise<void> {
    if (candidate) {
      await this.pc.addIceCandidate(candidate).catch((error: unknown) => {
        if (!this.ignoring) throw error;
      });
    }
    if (!description) return;
    const ready = !this.making && (this.pc.signalingState === "stable" || this.answering);
    const collision = description.type === "offer" && !ready;
    this.ignoring = !this.ends.polite && collision;
    if (this.ignoring) return;
    this.answering = description.type === "answer";
    try {
      await this.pc.setRemoteDescription({ type: description.type, sdp: forWeakLink(description.sdp ?? "") });
    } finally {
      this.answering = false;
    }
    if (description.type !== "offer") return;
    for (const place of this.places()) arrange(place);
    await this.attach();
    await this.pc.setLocalDescription();
    this.ends.tell({ description: this.pc.localDescription ?? undefined });
  }

  /** Makes the two places, which negotiates once. Only one end may call this: the other finds them in the offer. */
  openPlaces(): void {
    if (this.places().length > 0) return;
    for (const _ of PLACES) arrange(this.pc.addTransceiver("video", { direction: "sendrecv" }));
    void this.attach();
  }

  get opened(): boolean {
    return this.places().length > 0;
  }

  private places(): RTCRtpTransceiver[] {
    return this.pc.getTransceivers().filter((one) => one.receiver.track.kind === "video");
  }

  async show(place: Place, track: MediaStreamTrack | null): Promise<void> {
    this.shown[place] = track;
    await this.attach();
  }

  private async attach(): Promise<void> {
    for (const [at, place] of this.places().entries()) {
      const wanted = this.shown[PLACES[at] ?? "screen"];
      if (place.sender.track !== wanted) await place.sender.replaceTrack(wanted);
    }
  }

  /** Voice first; each picture within its cap, or resting. */
  async limit(voice: boolean, caps: Caps): Promise<void> {
    for (const sender of this.pc.getSenders()) {
      const place = PLACES[this.places().findIndex((one) => one.sender === sender)];
      const set = sender.getParameters();
      for (const one of set.encodings) {
        const cap = place ? caps[place] : null;
        one.active = place ? cap !== null : voice;
        one.priority = place ? "very-low" : "high";
        one.networkPriority = place ? "very-low" : "high";
        if (!cap) continue;
        const lines = sender.track?.getSettings().height ?? 0;
        one.maxBitrate = cap.kbps * 1000;
        one.maxFramerate = cap.fps;
        one.scaleResolutionDownBy = cap.height === null ? 1 : Math.max(1, lines / cap.height);
      }
      await sender.setParameters(set).catch(() => undefined); // not negotiated yet; it is said again when it is
    }
  }
}

/** Both ways, and few codecs: a description must stay small on a thin link. */
function arrange(place: RTCRtpTransceiver): void {
  place.direction = "sendrecv";
  const codecs = RTCRtpReceiver.getCapabilities("video")?.codecs ?? [];
  const wanted = ["video/VP8", "video/rtx"].flatMap((mime) => codecs.filter((one) => one.mimeType === mime));
  if (wanted.some(({ mimeType }) => mimeType === "video/VP8")) place.setCodecPreferences?.(wanted);
}
