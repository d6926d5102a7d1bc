/** Measures of a box, read from the page. */

export function pixels(value: string): number {
  return Number.parseFloat(value) || 0;
}

/** By how much what is shown of a box has to be multiplied: a window that rises as it opens is drawn smaller than it is. */
export function scaleOf(box: HTMLElement): number {
  const scale = box.offsetWidth / box.getBoundingClientRect().width;
  return Math.abs(scale - 1) > 0.002 ? scale : 1;
}
