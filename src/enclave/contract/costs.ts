/**
 * What host functions cost, in ref_time (picoseconds): the one gas table of the contract interface.
 *
 * The figures are those of contract-abi.md, section 4, item 10 (pink 1.2). Two things are left out on purpose: upstream
 * charges a host function a second time at the next step of its interpreter, and it charges storage access for the
 * largest value there can be and gives the difference back; here what is charged is what was used. Functions that the
 * section does not name cost what the function nearest to them in work does.
 * @module
 */

/** Loading code, for each byte of it: at every call, delegate call, instantiation and change of code. */
export const codeLoadPerByte = 39_917;

/**
 * Checking code that is uploaded, for each upload and for each byte of it: paid for before anything is done with it, and
 * so whether it is refused or taken; code that is stored already costs nothing. Upstream checks for nothing. The price of a
 * byte is about what the dearest byte for the pass takes: small loops after small loops.
 */
export const codeCheck = 400_000_000;
export const codeCheckPerByte = 1_000_000;

/**
 * What a code may declare at no cost, and the price of each beyond it: at every call, delegate call and instantiation.
 * Upstream has no such prices; the tables and globals of a fresh instance take time that nothing else here pays for.
 */
export const freeTableElements = 4_096;
export const perTableElement = 1_000_000;
/** As for table elements, for mutable globals. */
export const freeGlobals = 256;
export const perGlobal = 60_000_000;

/** Base prices, one for each kind of host function. */
export const costs = {
  caller: 339_309,
  address: 343_762,
  gasLeft: 371_542,
  balance: 1_656_237,
  valueTransferred: 347_368,
  minimumBalance: 337_202,
  blockNumber: 330_788,
  now: 337_860,
  weightToFee: 1_446_663,
  isContract: 3_788_924,
  codeHash: 4_720_110,
  ownCodeHash: 428_765,
  callerIsOrigin: 183_053,
  callerIsRoot: 183_053,
  input: 282_718,
  return: 0,
  terminate: 126_508_132,
  random: 2_057_388,
  depositEvent: 3_808_788,
  debugMessage: 241_240,
  setStorage: 7_145_641,
  clearStorage: 6_927_074,
  containsStorage: 5_548_039,
  getStorage: 5_707_060,
  takeStorage: 6_895_457,
  transfer: 38_468_091,
  call: 248_206_665,
  callTransfer: 357_425_411,
  delegateCall: 249_943_483,
  instantiate: 388_311_259,
  setCodeHash: 27_627_005,
  sha2: 400_604,
  keccak: 802_363,
  blake2_256: 480_457,
  blake2_128: 505_330,
  ecdsaRecover: 46_037_637,
  ecdsaToEthAddress: 11_949_979,
  sr25519Verify: 46_037_637,
  instantiationNonce: 152_842,
  reentranceCount: 183_053,
  delegateDependency: 27_627_005,
  callRuntime: 282_718,
  rent: 282_718,
  /** Entering an extension function; what it does costs by its own table. */
  callChainExtension: 282_718,
} as const;

/** The name of a base price. */
export type CostName = keyof typeof costs;

/** Prices for each byte. */
export const perByte = {
  inputOut: 1_052,
  callOut: 1_052,
  callIn: 391,
  callCloned: 1_111,
  return: 391,
  depositEvent: 731,
  debugMessage: 731,
  setStorageNew: 547,
  setStorageOld: 558,
  clearStorage: 4,
  containsStorage: 83,
  getStorage: 1_010,
  takeStorage: 643,
  instantiateIn: 1_963,
  instantiateSalt: 2_060,
  sha2: 1_134,
  keccak: 3_410,
  blake2_256: 1_254,
  blake2_128: 1_252,
  sr25519Verify: 1_254,
  extensionIn: 391,
  extensionOut: 1_052,
} as const;

/** The price of one event topic. */
export const perTopic = 3_683_455;
