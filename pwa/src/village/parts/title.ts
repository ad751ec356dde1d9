let opened = 0;

/** True from the second screen on: the first one leaves focus where the browser put it. */
export function titleOpened(): boolean {
  opened += 1;
  return opened > 1;
}
