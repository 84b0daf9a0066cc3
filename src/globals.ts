/**
 * Names of the platform that stand in the public types. Where a program is compiled with the types of Node or of a
 * browser, these are theirs, and nothing is added; where it is compiled with neither, they are known all the same.
 * @module
 */

declare global {
  interface AbortSignal {}
  interface URL {}
}

export {};
