/**
 * Greets whoever asks, in words that its owner chooses.
 */
import { AccountId, emit, env, err, ok, Result } from "phatvm/assembly";

/** Why a greeting stays as it is. */
export enum GreeterError {
  /** Only the owner may change it. */
  NotOwner,
  /** A greeting has at least one letter. */
  Empty,
}

/** The greeting changed. */
@event
class Changed {
  by: AccountId | null = null;
  greeting: string = "";
}

@contract
export class Greeter {
  @storage owner: AccountId | null = null;
  @storage greeting: string = "Hello";

  /** Who deploys it owns it. */
  @constructor
  new(): void {
    this.owner = env.caller();
  }

  /** Greets by name. */
  @message({ mutates: false })
  greet(name: string): string {
    return this.greeting + ", " + name + "!";
  }

  /** Changes the greeting. */
  @message
  change(greeting: string): Result<void, GreeterError> {
    const caller = env.caller();
    if (caller != this.owner) return err(GreeterError.NotOwner);
    if (greeting.length == 0) return err(GreeterError.Empty);
    this.greeting = greeting;
    emit<Changed>({ by: caller, greeting });
    return ok();
  }
}
