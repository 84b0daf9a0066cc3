/**
 * Sixteen places in one object.
 *
 * They are fields, not elements: those of an array lie elsewhere in memory, and on the way to an entry of a large state each
 * place more is one more wait.
 * @module
 */

/** Sixteen places, numbered from 0. */
export class Sixteen<T> {
  private p0: T | undefined = undefined;
  private p1: T | undefined = undefined;
  private p2: T | undefined = undefined;
  private p3: T | undefined = undefined;
  private p4: T | undefined = undefined;
  private p5: T | undefined = undefined;
  private p6: T | undefined = undefined;
  private p7: T | undefined = undefined;
  private p8: T | undefined = undefined;
  private p9: T | undefined = undefined;
  private p10: T | undefined = undefined;
  private p11: T | undefined = undefined;
  private p12: T | undefined = undefined;
  private p13: T | undefined = undefined;
  private p14: T | undefined = undefined;
  private p15: T | undefined = undefined;

  /** What is in a place. */
  child(slot: number): T | undefined {
    switch (slot) {
      case 0:
        return this.p0;
      case 1:
        return this.p1;
      case 2:
        return this.p2;
      case 3:
        return this.p3;
      case 4:
        return this.p4;
      case 5:
        return this.p5;
      case 6:
        return this.p6;
      case 7:
        return this.p7;
      case 8:
        return this.p8;
      case 9:
        return this.p9;
      case 10:
        return this.p10;
      case 11:
        return this.p11;
      case 12:
        return this.p12;
      case 13:
        return this.p13;
      case 14:
        return this.p14;
      default:
        return this.p15;
    }
  }

  /** Puts something into a place. */
  setChild(slot: number, value: T | undefined): void {
    switch (slot) {
      case 0:
        this.p0 = value;
        break;
      case 1:
        this.p1 = value;
        break;
      case 2:
        this.p2 = value;
        break;
      case 3:
        this.p3 = value;
        break;
      case 4:
        this.p4 = value;
        break;
      case 5:
        this.p5 = value;
        break;
      case 6:
        this.p6 = value;
        break;
      case 7:
        this.p7 = value;
        break;
      case 8:
        this.p8 = value;
        break;
      case 9:
        this.p9 = value;
        break;
      case 10:
        this.p10 = value;
        break;
      case 11:
        this.p11 = value;
        break;
      case 12:
        this.p12 = value;
        break;
      case 13:
        this.p13 = value;
        break;
      case 14:
        this.p14 = value;
        break;
      default:
        this.p15 = value;
    }
  }
}
