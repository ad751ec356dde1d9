// A WebSocket that comes back: heartbeat, a deadline for silence, jittered back-off, at once when the browser says online.
import { backOff } from "./transcript";

export type LineState = "connecting" | "live" | "refused" | "closed";

export interface LineOptions {
  url: string;
  /** A frame came. Return value is ignored; throw nothing. */
  onFrame(frame: Record<string, unknown>): void;
  /** Bytes came: the receipt of a piece of the page. */
  onBytes?(data: Uint8Array): void;
  onState(state: LineState): void;
  /** The socket is open; the village waits for its challenge, the desk may send at once. */
  onOpen?(): void;
}

const BEAT_MS = 20_000;
const SILENCE_MS = 35_000;
const TRY_LATER = 1013;
const REFUSED = new Set([4001, 4003]); // log in again, enrol again: trying again by itself would not help

export class Line {
  private socket: WebSocket | null = null;
  private attempt = 0;
  private heardAt = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private beat: ReturnType<typeof setInterval> | undefined;
  private wanted = false;
  /** The centre had no socket to spare (1013): callers may poll meanwhile. */
  full = false;

  constructor(private readonly options: LineOptions) {}

  open(): void {
    if (this.wanted) return;
    this.wanted = true;
    globalThis.addEventListener("online", this.now);
    this.connect();
  }

  close(): void {
    this.wanted = false;
    globalThis.removeEventListener("online", this.now);
    this.drop();
    this.options.onState("closed");
  }

  /** False when the line is down; the caller keeps what it wanted to say. */
  send(frame: Record<string, unknown> | Uint8Array<ArrayBuffer>): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(frame instanceof Uint8Array ? frame : JSON.stringify(frame));
    return true;
  }

  /** Leaves a socket that does not answer and opens another, at once. */
  renew(): void {
    if (!this.wanted) return;
    this.attempt = 0;
    this.connect();
  }

  private readonly now = (): void => {
    if (this.wanted && this.socket?.readyState !== WebSocket.OPEN) {
      this.attempt = 0;
      this.connect();
    }
  };

  private connect(): void {
    this.drop();
    this.options.onState("connecting");
    const socket = new WebSocket(this.options.url.replace(/^http/, "ws"));
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    this.heardAt = Date.now();
    socket.onopen = () => {
      this.full = false;
      this.heardAt = Date.now();
      this.options.onOpen?.();
    };
    socket.onmessage = (event) => {
      this.heardAt = Date.now();
      this.attempt = 0;
      if (event.data instanceof ArrayBuffer) this.options.onBytes?.(new Uint8Array(event.data));
      else this.options.onFrame(JSON.parse(String(event.data)) as Record<string, unknown>);
    };
    socket.onclose = (event) => {
      if (socket !== this.socket) return;
      this.full = event.code === TRY_LATER;
      if (REFUSED.has(event.code)) {
        this.wanted = false;
        this.drop();
        this.options.onState("refused");
      } else this.again();
    };
    this.beat = setInterval(() => {
      // A half-open link never closes by itself.
      if (Date.now() - this.heardAt > SILENCE_MS) this.again();
      else this.send({ type: "ping" });
    }, BEAT_MS);
  }

  private again(): void {
    this.drop();
    if (!this.wanted) return;
    this.options.onState("connecting");
    this.retry = setTimeout(() => this.connect(), 1000 * backOff(this.attempt++, Math.random()));
  }

  private drop(): void {
    clearTimeout(this.retry);
    clearInterval(this.beat);
    const socket = this.socket;
    this.socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }
}
