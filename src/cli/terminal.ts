/**
 * Where a command writes: results to standard output, as text or as JSON; progress and errors to standard error.
 * @module
 */

/** JSON has no bigint, no bytes and no nothing: decimal text, `0x…`, null. */
function plain(_key: string, value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString("hex")}`;
  if (value instanceof Error) {
    const { code, facts } = value as { code?: unknown; facts?: unknown };
    return { code, message: value.message, facts };
  }
  return value;
}

/** Standard output and standard error of one command. */
export class Terminal {
  /** Whether results are JSON. */
  readonly json: boolean;

  constructor(json: boolean) {
    this.json = json;
  }

  /** Writes text for people. */
  print(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  /** Writes one JSON value on a line. */
  object(value: unknown): void {
    process.stdout.write(`${JSON.stringify(value, plain)}\n`);
  }

  /** A result: JSON when that is wanted, else what `text` makes. */
  result(value: unknown, text: () => string): void {
    if (this.json) this.object(value);
    else this.print(text());
  }

  /** A line beside the result. */
  note(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  /**
   * Waits for a step, and says so when it takes more than a second.
   * @param doing what is going on, as in "opening .phat".
   */
  async step<T>(doing: string, work: Promise<T>): Promise<T> {
    const live = process.stderr.isTTY;
    let seconds = 0;
    const timer = setInterval(() => {
      seconds++;
      if (live) process.stderr.write(`\r\u001b[2K${doing} … ${seconds} s`);
      else if (seconds === 1 || seconds % 10 === 0) this.note(`${doing} … ${seconds} s`);
    }, 1000);
    try {
      return await work;
    } finally {
      clearInterval(timer);
      if (live && seconds > 0) process.stderr.write("\r\u001b[2K");
    }
  }
}
