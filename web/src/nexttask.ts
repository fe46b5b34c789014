/**
 * A task of its own for what nobody waits for while a key is handled: what goes to the network and to the
 * device. Chromium shows the frame of an input before such a task; a page that is left runs it at once.
 */
export class NextTask {
  private isDue = false;
  private readonly channel = new MessageChannel();

  /** @param work is never run in the midst of what asks for it */
  constructor(private readonly work: () => void) {
    this.channel.port1.onmessage = this.runNow;
    window.addEventListener("pagehide", this.runNow);
  }

  /** Have the work done in the next task, once however often it is asked for. */
  ask(): void {
    if (this.isDue) return;
    this.isDue = true;
    this.channel.port2.postMessage(null);
  }

  /** Do at once what was asked for. */
  readonly runNow = (): void => {
    if (!this.isDue) return;
    this.isDue = false;
    this.work();
  };

  /** Do what was asked for, and nothing more. */
  dispose(): void {
    this.runNow();
    this.channel.port1.close();
    window.removeEventListener("pagehide", this.runNow);
  }
}
