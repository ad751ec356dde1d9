// Whether this device answers as the centre does: after a release was taken in it asks itself 200 questions, one at a time so
// that no person waits for them, and tells the centre the hash of its answers.
import type { Decision } from "../answering";
import { canonical } from "../answering/checking";
import type { AnswersWord } from "../sync/messages";
import { sha256 } from "../sync/sha256";
import type { Field } from "./field";
import type { Knowledge } from "./knowledge";
import type { Lingua } from "./lingua";

const QUIET_MS = 10_000; // after a release came: people have waited for it and ask first
const REST_MS = 15; // between two questions
const WORD = "answers"; // place in meta
const AGREE = "answers_agree";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export interface Needs {
  field: Field;
  knowledge: Knowledge;
  lingua: Lingua;
  app: string;
  ready(): void; // there is something new to tell
  changed(): void;
}

export class Agreement {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running: Promise<void> | null = null;
  private stopped = false;

  constructor(private readonly needs: Needs) {}

  /** What the centre is told; null until the releases held were asked by this version of the program. */
  told(): AnswersWord | null {
    const kept = this.needs.field.meta(WORD);
    if (kept === null) return null;
    const { of, word } = JSON.parse(kept) as { of: string; word: AnswersWord };
    return of === this.of() ? word : null;
  }

  /** The centre's word on what it was told; an answer to something older says nothing. */
  heard(told: AnswersWord, agree: boolean | null): void {
    if (JSON.stringify(told) !== JSON.stringify(this.told())) return;
    this.needs.field.setMeta(AGREE, agree === null ? "" : agree ? "yes" : "no");
    this.needs.changed();
  }

  get agree(): boolean | null {
    const said = this.told() && this.needs.field.meta(AGREE);
    return said === "yes" || said === "no" ? said === "yes" : null;
  }

  /** Asks in a while, when what is held was not asked yet. */
  look(): void {
    if (this.stopped || this.timer !== undefined || this.running || this.of() === null || this.told()) return;
    this.timer = setTimeout(() => void this.check().catch((error: unknown) => console.error("The answers cannot be checked:", error)), QUIET_MS);
  }

  /** Asks now; resolves when the answers are known, or when releases changed under way: then it asks anew in a while. */
  async check(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.stopped || this.of() === null || this.told()) return;
    this.running ??= this.ask().finally(() => (this.running = null));
    await this.running;
    this.look();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async ask(): Promise<void> {
    const { field, knowledge, lingua, ready, changed } = this.needs;
    const of = this.of();
    const answers: Decision[] = [];
    for (const question of knowledge.askerNow(lingua).ownQuestions()) {
      await pause(REST_MS);
      if (this.stopped || this.of() !== of) return;
      answers.push(knowledge.askerNow(lingua).ask(question));
    }
    const digest = sha256(new TextEncoder().encode(canonical(answers)));
    const word: AnswersWord = { knowledge: knowledge.held()?.root ?? "", lingua: lingua.held()?.root ?? "", digest };
    field.db.transaction(() => {
      field.setMeta(WORD, JSON.stringify({ of, word }));
      field.setMeta(AGREE, "");
    });
    changed();
    ready();
  }

  /** What the answers depend on; null without knowledge. */
  private of(): string | null {
    const { knowledge, lingua, app } = this.needs;
    const held = knowledge.held();
    return held && JSON.stringify([app, held.root, lingua.held()?.root ?? ""]);
  }
}
