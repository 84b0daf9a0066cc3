/**
 * What an Ethereum wallet signs in the place of a certificate or of a query: typed data of EIP-712.
 * @module
 */

import { keccak_256 } from "./keccak.ts";

const utf8 = new TextEncoder();
const hashText = (text: string): Uint8Array => keccak_256(utf8.encode(text));

function hashOf(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return keccak_256(joined);
}

function digest(domainName: string, struct: Uint8Array): Uint8Array {
  const separator = hashOf(
    hashText("EIP712Domain(string name,string version,bytes32 salt)"),
    hashText(domainName),
    hashText("1"),
    hashText("phala/phat-contract"),
  );
  return hashOf(Uint8Array.of(0x19, 1), separator, struct);
}

/**
 * The hash that a wallet signs to issue a certificate.
 * @param certificate SCALE of the certificate's body.
 * @param ttl the last block in which it is valid.
 */
export function certificateDigest(certificate: Uint8Array, ttl: number): Uint8Array {
  return digest(
    "Phat Query Certificate",
    hashOf(
      hashText("IssueQueryCertificate(string description,string timeToLive,bytes encodedCert)"),
      hashText(
        "You are signing a Certificate that can be used to query Phat Contracts using your identity without further prompts.",
      ),
      hashText(`The Certificate will be valid till block ${ttl}.`),
      keccak_256(certificate),
    ),
  );
}

/** The hash that a wallet signs to send one query: of its sealed bytes. */
export function queryDigest(query: Uint8Array): Uint8Array {
  return digest(
    "Phat Contract Query",
    hashOf(
      hashText("PhatContractQuery(string description,bytes encodedQuery)"),
      hashText("You are signing a query request that would be sent to a Phat Contract."),
      keccak_256(query),
    ),
  );
}
