import type { SubjectRef } from "../../core/brand.ts";
import type { Log } from "../../core/lifecycle.ts";
import type { Question } from "../../io/members/members-file.ts";
import { gatherTraces, type MemberTraces, type TraceSources } from "./member-traces.ts";
import type { MembersAtHand } from "./members-at-hand.ts";

interface VisitAnswersParts {
  readonly hand: MembersAtHand;
  readonly pseudonymOf: (subject: SubjectRef) => string | null;
  readonly traces: () => TraceSources | null;
  readonly log: Log;
}

/** Calls between looks for a question. */
const LOOK_CALLS = 4;

/** What is written for a question; `traces` is null when the gateway keeps no visits. */
export interface VisitAnswer {
  readonly traces: MemberTraces | null;
}

/**
 * Answers staff at the command line, who ask through the members' file what the running gateway knows of a member's visits:
 * the files of the visits are its alone. One question at a time and a slice at each call; the answer is sealed.
 */
export class VisitAnswers {
  readonly #parts: VisitAnswersParts;
  #question: Question | null = null;
  #search: Generator<void, MemberTraces> | null = null;
  #calls = 0;

  constructor(parts: VisitAnswersParts) {
    this.#parts = parts;
  }

  /** Goes on with a question, or takes the next one. Call some times a second. */
  advance(): void {
    this.#calls += 1;
    if (this.#question === null && this.#calls % LOOK_CALLS === 1) this.#begin();
    const question = this.#question;
    if (question === null) return;
    const step = this.#step();
    if (step?.done === false) return;
    this.#answer(question, { traces: step?.value ?? null });
    this.#question = null;
    this.#search = null;
  }

  #step(): IteratorResult<void, MemberTraces> | null {
    try {
      return this.#search?.next() ?? null;
    } catch (error) {
      // Whatever is wrong with the files of the visits: who asks for an export is told, and the shop goes on.
      const sentence = "visits of a member could not be read for an export";
      this.#parts.log.warn({ event: "members.no-traces", err: error }, sentence);
      return null;
    }
  }

  #begin(): void {
    const { hand, traces, pseudonymOf } = this.#parts;
    this.#question = hand.attempt(({ file }) => file.questions()[0] ?? null);
    if (this.#question === null) return;
    const sources = traces();
    const pseudonym = pseudonymOf(this.#question.subject);
    this.#search = sources === null || pseudonym === null ? null : gatherTraces(sources, pseudonym);
  }

  #answer({ n, subject }: Question, answer: VisitAnswer): void {
    this.#parts.hand.attempt(({ file, seal }) =>
      file.answer(n, seal.sealAnswer(subject, JSON.stringify(answer))),
    );
  }
}
