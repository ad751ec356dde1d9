// What an agent points at, frames and draws: at places of elements, so that it holds at any size and goes along when the page
// scrolls. Shown on a layer that every press goes through, for some seconds; nothing on it can be pressed, and it presses nothing.

export type Stroke = "spot" | "frame" | "line";
export interface Mark {
  kind: Stroke;
  /** Number of the element in the page's stream. */
  node: number;
  /** x and y by turns, in thousandths of the element's box. */
  path: readonly number[];
}
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

export const LIVES_MS: Record<Stroke, number> = { spot: 4_000, frame: 12_000, line: 12_000 };
/** More than this at once says nothing any more. */
export const MOST = 24;
const FADE_MS = 800;
const SVG = "http://www.w3.org/2000/svg";

/** Places on the screen of a path within a box. */
export const placed = (box: Box, path: readonly number[]): number[] =>
  path.map((at, index) => (index % 2 === 0 ? box.left + (box.width * at) / 1000 : box.top + (box.height * at) / 1000));

/** A place on the screen in thousandths of a box; what is far outside is held at its edge. */
export function within(box: Box, x: number, y: number): [number, number] {
  const part = (at: number, from: number, length: number): number => Math.max(-1000, Math.min(2000, Math.round((1000 * (at - from)) / Math.max(1, length))));
  return [part(x, box.left, box.width), part(y, box.top, box.height)];
}

/** Where a mark lies that cannot be seen: above or below what the window shows. */
export function beyond(box: Box, height: number): "above" | "below" | "" {
  const middle = box.top + box.height / 2;
  return middle < 0 ? "above" : middle > height ? "below" : "";
}

const LIFTS = "popover" in (globalThis.HTMLElement?.prototype ?? {});

function shape(name: string, attributes: Record<string, string | number>): SVGElement {
  return set(document.createElementNS(SVG, name) as SVGElement, attributes);
}

function set(element: SVGElement, attributes: Record<string, string | number>): SVGElement {
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

interface Shown extends Mark {
  until: number;
  drawn: SVGElement;
}

/** The layer: draws marks where their elements are now, and lets them fade. */
export class Marks {
  private shown: Shown[] = [];
  private readonly svg = document.createElementNS(SVG, "svg");
  private next = 0;

  /** `boxOf` is where an element is now, null when it is no more; `told` hears on which sides unseen marks are. */
  constructor(
    private readonly layer: HTMLElement,
    private readonly boxOf: (node: number) => Box | null,
    private readonly told: (sides: string) => void = () => undefined,
  ) {
    layer.replaceChildren(this.svg);
    this.svg.setAttribute("aria-hidden", "true");
  }

  add(mark: Mark): void {
    if (mark.kind === "spot") this.drop((one) => one.kind === "spot");
    const drawn = shape(mark.kind === "spot" ? "g" : mark.kind === "frame" ? "rect" : "polyline", { class: mark.kind });
    if (mark.kind === "spot") drawn.append(shape("circle", { r: 16 }), shape("path", { d: "M0 0 24 10 13.5 13.5 10 24Z" }));
    this.svg.append(drawn);
    this.shown.push({ ...mark, until: performance.now() + LIVES_MS[mark.kind], drawn });
    if (this.shown.length > MOST) this.shown.shift()?.drawn.remove();
    this.raise();
    if (this.next === 0) this.draw();
  }

  clear(): void {
    this.drop(() => true);
  }

  private drop(which: (one: Shown) => boolean): void {
    for (const one of this.shown.filter(which)) one.drawn.remove();
    this.shown = this.shown.filter((one) => !which(one));
  }

  private readonly draw = (): void => {
    const now = performance.now();
    const sides = new Set<string>();
    this.drop((one) => one.until <= now);
    for (const one of this.shown) {
      const box = this.boxOf(one.node);
      one.drawn.style.opacity = box ? String(Math.min(1, (one.until - now) / FADE_MS)) : "0";
      if (!box) continue;
      const at = placed(box, one.path);
      if (one.kind === "spot") one.drawn.setAttribute("transform", `translate(${at[0]} ${at[1]})`);
      else if (one.kind === "line") one.drawn.setAttribute("points", at.join(" "));
      else set(one.drawn, { x: box.left - 6, y: box.top - 6, width: box.width + 12, height: box.height + 12, rx: 8 });
      const [x, y] = one.kind === "frame" ? [box.left, box.top + box.height / 2] : at;
      sides.add(beyond({ left: x ?? 0, top: y ?? 0, width: 0, height: 0 }, this.layer.clientHeight));
    }
    this.told([...sides].filter(Boolean).sort().join(" "));
    this.next = this.shown.length > 0 ? requestAnimationFrame(this.draw) : 0;
    if (this.next === 0) this.lower();
  };

  /** Above a dialog that was opened meanwhile; an older browser shows the layer where it stands. */
  private raise(): void {
    this.lower();
    if (LIFTS) this.layer.showPopover();
  }

  private lower(): void {
    if (LIFTS && this.layer.matches(":popover-open")) this.layer.hidePopover();
  }
}
