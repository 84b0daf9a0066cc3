/**
 * The numbers by which the compiler tells nodes apart, read from the compiler that is running: versions number them
 * differently, and its types declare them as constants that a module of its own cannot import.
 * @module
 */
import * as compiler from "assemblyscript";

type Table<K extends string> = Readonly<Record<K, number>>;

function table<const K extends string>(name: string, keys: readonly K[]): Table<K> {
  const known = (compiler as unknown as Record<string, Readonly<Record<string, number>> | undefined>)[name];
  // A number that no node has makes a missing kind match nothing, which the tests of each compiler version notice.
  return Object.fromEntries(keys.map((key) => [key, known?.[key] ?? -1])) as Table<K>;
}

/** What a node of the syntax tree is. */
export const NodeKind = table("NodeKind", [
  "NamedType",
  "Identifier",
  "Call",
  "False",
  "Literal",
  "Parenthesized",
  "ElementAccess",
  "PropertyAccess",
  "Ternary",
  "True",
  "This",
  "Binary",
  "UnaryPrefix",
  "UnaryPostfix",
  "Block",
  "Do",
  "Export",
  "For",
  "ForOf",
  "If",
  "Import",
  "Return",
  "Switch",
  "Variable",
  "While",
  "ClassDeclaration",
  "EnumDeclaration",
  "FieldDeclaration",
  "FunctionDeclaration",
  "MethodDeclaration",
  "TypeDeclaration",
]);

/** Modifiers of a declaration. */
export const CommonFlags = table("CommonFlags", [
  "Abstract",
  "Export",
  "Static",
  "Readonly",
  "Private",
  "Protected",
  "Get",
  "Set",
  "Constructor",
]);

/** What a literal is. */
export const LiteralKind = table("LiteralKind", ["String", "Array", "Object", "Integer"]);
/** What a source file is to the compiler. */
export const SourceKind = table("SourceKind", ["User", "UserEntry"]);
/** What a parameter is. */
export const ParameterKind = table("ParameterKind", ["Default"]);
/** The codes of the compiler's messages. */
export const DiagnosticCode = table("DiagnosticCode", ["User_defined_0"]);
