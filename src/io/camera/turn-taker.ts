/** What a worker says about its turn: it wants one (giving back the one it has), or needs none any more. */
export type TurnWish = "want" | "done";

/** The worker's side of the turns: asks for one before an inference and gives it back when there is nothing to do. */
export class TurnTaker {
  readonly #say: (wish: TurnWish) => void;
  #isOurs = false;
  #onTurn: (() => void) | null = null;

  constructor(say: (wish: TurnWish) => void) {
    this.#say = say;
  }

  /** Asks for a turn; resolves when it has come. One at a time. */
  take(): Promise<void> {
    this.#isOurs = false;
    return new Promise((resolve) => {
      this.#onTurn = resolve;
      this.#say("want");
    });
  }

  /** The turn has come. */
  granted(): void {
    this.#isOurs = true;
    this.#onTurn?.();
    this.#onTurn = null;
  }

  /** Gives the turn back, if there is one. */
  giveBack(): void {
    if (!this.#isOurs) return;
    this.#isOurs = false;
    this.#say("done");
  }
}
