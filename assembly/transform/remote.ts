/**
 * Other contracts, described by an abstract class with `@remote`: each method becomes a call.
 * @module
 */
import type { ClassDeclaration, MethodDeclaration, Source } from "assemblyscript";
import { checkOf } from "./checks.ts";
import { decoratorOn, readDecorator } from "./decorators.ts";
import { selectorOf } from "./hashes.ts";
import { CommonFlags, NodeKind } from "./kinds.ts";
import type { Report } from "./report.ts";
import type { Scope } from "./scope.ts";
import { classesIn, type Types, textOf } from "./types.ts";

/** A described contract and the code of its methods. */
export interface Remote {
  readonly node: ClassDeclaration;
  readonly source: Source;
  readonly members: string;
}

/** Reads every `@remote` class of the author's files. */
export function readRemotes(scope: Scope, types: Types, report: Report): Remote[] {
  const remotes: Remote[] = [];
  for (const source of scope.own) {
    for (const node of classesIn(source)) {
      const decorator = decoratorOn(node, "remote");
      if (decorator === undefined) continue;
      const trait = readDecorator(decorator, "remote", report).options.get("trait");
      if (!node.is(CommonFlags.Abstract))
        report.error(node.name, `write "abstract class ${node.name.text}": it has no code of its own`);
      const members = node.members.map((member) => {
        if (member.kind === NodeKind.MethodDeclaration && member.is(CommonFlags.Abstract)) {
          return method(member as MethodDeclaration, source, types, report, trait);
        }
        report.error(member, "a described contract has abstract methods only");
        return "";
      });
      remotes.push({ node, source, members: members.join("\n") });
    }
  }
  return remotes;
}

function method(node: MethodDeclaration, source: Source, types: Types, report: Report, trait: unknown): string {
  const { parameters, returnType } = node.signature;
  const decorator = decoratorOn(node, "message");
  const options = decorator && readDecorator(decorator, "message", report).options;
  const name = options?.get("name") ?? node.name.text;
  const prefix = options?.get("trait") ?? trait;
  const given = options?.get("selector");
  const selector =
    typeof given === "number" ? bigEndian(given) : selectorOf(prefix === undefined ? `${name}` : `${prefix}::${name}`);
  const writes = parameters.map((p) => {
    types.resolve(p.type, source);
    return `$phat.write<${textOf(p.type)}>(${p.name.text});`;
  });
  const returns = types.resolve(returnType, source);
  const text = textOf(returnType);
  const call = `$phat.callRemote<${text}>(changetype<usize>(this))`;
  const check = checkOf("$answer", returns);
  const ending =
    returns === types.unit
      ? `${call};`
      : check === ""
        ? `return ${call};`
        : `const $answer = ${call}; ${check} if ($phat.failed()) unreachable(); return $answer;`;
  const list = parameters.map((p) => `${p.name.text}: ${textOf(p.type)}`).join(", ");
  return `${node.name.text}(${list}): ${text} {
  $phat.beginRemote(${new DataView(selector.buffer, selector.byteOffset).getUint32(0, true)});
  ${writes.join(" ")}
  ${ending}
}`;
}

function bigEndian(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
