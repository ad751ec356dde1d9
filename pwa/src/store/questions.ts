// A question waits on the device until it is known what the person opened, or until the next question; then it is told.
import { fromBase64, toBase64 } from "../sync/bytes";
import type { Field, NewEvent } from "./field";
import type { Seal } from "./seal";
import type { Answer } from "./types";

const PLACE = "question";

interface Waiting {
  id: string;
  at: string;
  body: { text: string; decision: string; items: string[]; release: number; lingua: number | null };
}

export class Questions {
  constructor(
    private readonly field: Field,
    private readonly seal: Seal,
    private readonly own: (value: unknown) => Promise<Uint8Array | null>,
  ) {}

  /** An answered question, sealed; `wait` puts it in its place. */
  async close({ id, text, decision, hits, release, lingua }: Answer, at: string): Promise<string> {
    const waiting: Waiting = { id, at, body: { text, decision, items: hits.map((hit) => hit.slug), release, lingua } };
    return toBase64(await this.seal.close(waiting));
  }

  wait(sealed: string): void {
    this.field.setMeta(PLACE, sealed);
  }

  forget(): void {
    this.field.dropMeta(PLACE);
  }

  /** The waiting question as an event; null when there is none (or another than `id`). `declined`: 都不是 was pressed. */
  async event(id: string | null, picked: string | null, declined = false): Promise<NewEvent | null> {
    const kept = this.field.meta(PLACE);
    if (kept === null) return null;
    const waiting = await this.seal.open<Waiting>(fromBase64(kept));
    if (id !== null && waiting.id !== id) return null;
    const value = { title: waiting.body.text, body: { ...waiting.body, picked, declined } };
    const [sealed, own] = [await this.seal.close(value), await this.own(value)];
    return { id: waiting.id, name: "question.asked", subject: waiting.id, at: waiting.at, sealed, own };
  }
}
