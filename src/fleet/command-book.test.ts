import assert from "node:assert/strict";
import { test } from "node:test";
import { epochMs } from "../core/brand.ts";
import { type Admission, CommandBook } from "./command-book.ts";

const NOW = epochMs(Date.UTC(2026, 4, 1, 10));

function text(id: string, command: string, extra: Record<string, unknown> = {}): string {
  const times = { at: "2026-05-01T09:59:00Z", expiresAt: "2026-05-01T10:05:00Z" };
  return JSON.stringify({ v: 1, id, ...times, command, arguments: {}, ...extra });
}

function admit(book: CommandBook, message: string, retained = false): Admission {
  return book.admit({ text: message, retained, now: NOW, at: NOW });
}

const answer = (admission: Admission): string =>
  admission.kind === "answered" ? `${admission.reply.status}: ${admission.reply.detail}` : "none";

test("a known command with right arguments is to be carried out, once", () => {
  const book = new CommandBook([]);
  const loud = text("a", "log-level", { arguments: { level: "debug" } });
  const admission = admit(book, loud);
  assert.ok(admission.kind === "run");
  assert.deepEqual(admission.order, {
    name: "log-level",
    arguments: { level: "debug", minutes: 60 },
  });
  assert.equal(admit(book, loud).kind, "left");
});

test("an unknown command, wrong arguments, a late and a retained command are answered and not carried out", () => {
  const book = new CommandBook([]);
  assert.match(answer(admit(book, text("a", "self-destruct"))), /^refused: .*no such command/);
  assert.match(
    answer(admit(book, text("b", "log-level", { arguments: { level: "loud", minutes: 0 } }))),
    /^refused: arguments\.level.*\n.*arguments\.minutes/,
  );
  const late = { expiresAt: "2026-05-01T10:00:00Z" };
  assert.match(answer(admit(book, text("c", "announce", late))), /^expired: /);
  assert.match(answer(admit(book, text("d", "announce"), true)), /^refused: .*retained/);
  assert.deepEqual(
    book.replies.map(({ id }) => id),
    ["a", "b", "c", "d"],
  );
});

test("as long as nobody knows the time, nothing is carried out: it may be over long ago", () => {
  const book = new CommandBook([]);
  const message = { text: text("a", "announce"), retained: false };
  assert.match(
    answer(book.admit({ ...message, now: null, at: epochMs(0) })),
    /^refused: .*does not know the time/,
  );
});

test("a command of the life before is known, so a restart is not asked for twice", () => {
  assert.equal(admit(new CommandBook(["r-1"]), text("r-1", "restart")).kind, "left");
});

test("what is no command is counted and told with all its faults", () => {
  const book = new CommandBook([]);
  const admission = admit(book, '{"v":1,"id":"a b","at":"now"}');
  assert.ok(admission.kind === "left" && admission.faults.length >= 4);
  assert.equal(book.unreadable, 1);
});

test("memory of ids and answers is bounded", () => {
  const book = new CommandBook([]);
  for (let n = 0; n < 300; n += 1) admit(book, text(`x${n}`, "nonsense"));
  assert.equal(book.replies.length, 16);
  assert.equal(admit(book, text("x299", "nonsense")).kind, "left");
  assert.equal(admit(book, text("x0", "nonsense")).kind, "answered");
});
