/**
 * Whether a process is about to end. From then on `/ready` says so, so that nothing new is sent its way, and every
 * answer closes its connection, so that clients that keep theirs open move to another process before the port closes.
 */
export class Draining {
  #isOn = false;

  get isOn(): boolean {
    return this.#isOn;
  }

  begin(): void {
    this.#isOn = true;
  }
}
