// The only place that fetches. Whatever can happen on a bad link becomes a Problem with a sentence.
import { Problem, problem } from "../kit/problems";

export const DEADLINE_MS = 20_000;

export interface Ask {
  method: "GET" | "POST" | "HEAD" | "PATCH" | "DELETE";
  path: string;
  headers?: Record<string, string>;
  body?: Uint8Array<ArrayBuffer>;
}

/** An error of the centre or of the way to it; `retryAfterS` when it asked for patience. */
export interface Refusal {
  status: number;
  retryAfterS: number | null;
}

/** Aborts when nothing has come for a while; `alive()` starts the wait anew. */
export class Watchdog {
  private readonly controller = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly ms: number = DEADLINE_MS) {
    this.alive();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  alive(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.controller.abort(), this.ms);
  }

  rest(): void {
    clearTimeout(this.timer);
  }

  /** What `fetch` or a body reader threw, as a Problem. */
  explain(error: unknown): Problem {
    if (error instanceof Problem) return error;
    return this.signal.aborted ? problem("net.slow", { seconds: this.ms / 1000 }) : problem("net.offline");
  }
}

/** Sends; the response is one of ours (right type, not redirected), or a Problem is thrown. */
export async function send(ask: Ask, wanted: RegExp | "tus", watchdog: Watchdog, fetcher: typeof fetch = fetch): Promise<Response> {
  let response: Response;
  try {
    response = await fetcher(ask.path, {
      method: ask.method,
      headers: ask.headers,
      body: ask.body,
      signal: watchdog.signal,
      redirect: "manual", // a captive portal redirects, the centre never does here
      credentials: "omit",
      cache: "no-store",
    });
  } catch (error) {
    throw watchdog.explain(error);
  }
  const type = response.headers.get("Content-Type") ?? "";
  const ours = wanted === "tus" ? response.headers.get("Tus-Resumable") === "1.0.0" : wanted.test(type);
  if (response.ok && ours) return response;
  throw await refusal(response, type, watchdog);
}

/** Sends and reads JSON within one deadline. */
export async function sendForJson(ask: Ask, fetcher?: typeof fetch, ms?: number): Promise<unknown> {
  const watchdog = new Watchdog(ms);
  try {
    const response = await send(ask, /^application\/json/, watchdog, fetcher);
    const text = await response.text();
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw error instanceof SyntaxError ? problem("net.answer") : watchdog.explain(error);
  } finally {
    watchdog.rest();
  }
}

/** One request of tus within one deadline: the headers of the answer, which has no body. */
export async function sendTus(ask: Ask, fetcher?: typeof fetch): Promise<Headers> {
  const watchdog = new Watchdog();
  try {
    return (await send(ask, "tus", watchdog, fetcher)).headers;
  } finally {
    watchdog.rest();
  }
}

async function refusal(response: Response, type: string, watchdog: Watchdog): Promise<Problem> {
  const details: Refusal = { status: response.status, retryAfterS: seconds(response.headers.get("Retry-After")) };
  if (type.startsWith("application/json")) return wireProblem(response, details, watchdog);
  if (response.type === "opaqueredirect") return problem("net.portal");
  // Chrome takes headers that a cut ended in the middle for whole ones: without a type it is no page of a portal.
  if (type === "") return problem("net.offline", { begun: true });
  if (response.status >= 500 && response.status !== 511) return problem("net.centre", { ...details });
  return response.status === 404 || response.status === 429 ? problem("net.centre", { ...details }) : problem("net.portal");
}

/** The centre's own error shape: {"ok": false, "error": {code, message, next, details}}. */
async function wireProblem(response: Response, details: Refusal, watchdog: Watchdog): Promise<Problem> {
  try {
    const { error } = (await response.json()) as { error: { code: string; message: string; next: string; details?: object } };
    return new Problem(String(error.code), String(error.message), String(error.next), { ...error.details, ...details });
  } catch (error) {
    return watchdog.signal.aborted ? watchdog.explain(error) : problem("net.answer", { ...details });
  }
}

function seconds(text: string | null): number | null {
  const value = Number(text);
  return text !== null && Number.isFinite(value) && value >= 0 ? value : null;
}

/** gzip where the browser can (Chrome 80, Firefox 113); null elsewhere. */
export async function gzip(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | null> {
  if (typeof CompressionStream === "undefined") return null;
  const stream = new Blob([data]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
