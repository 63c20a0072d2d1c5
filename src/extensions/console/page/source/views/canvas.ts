// What the drawings on canvas share: colours from the style sheet, sharp pixels, and drawing again when either changes.
import {useEffect, useRef, useState} from 'preact/hooks';
import type {RefObject} from 'preact';

/** Draws into the canvas when something of `on`, its size or the colours change. */
export function useCanvas(
  draw: (
    context: CanvasRenderingContext2D,
    width: number,
    height: number,
    color: (name: string) => string,
  ) => void,
  on: unknown[],
): RefObject<HTMLCanvasElement | null> {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [version, setVersion] = useState(0);
  const drawn = useRef({width: 0, height: 0});
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const again = (): void => setVersion((n) => n + 1);
    // An observer's first call comes without a change, and its last one may come when the view has been left.
    const observer = new ResizeObserver(() => {
      if (!element.isConnected) return;
      const {clientWidth: width, clientHeight: height} = element;
      if (width !== drawn.current.width || height !== drawn.current.height) again();
    });
    observer.observe(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', again);
    addEventListener('theme', again);
    return () => {
      observer.disconnect();
      scheme.removeEventListener('change', again);
      removeEventListener('theme', again);
    };
  }, []);
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const {clientWidth: width, clientHeight: height} = element;
    drawn.current = {width, height};
    if (width === 0 || height === 0) return;
    const scale = devicePixelRatio || 1;
    element.width = Math.round(width * scale);
    element.height = Math.round(height * scale);
    const context = element.getContext('2d')!;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    const style = getComputedStyle(document.documentElement);
    const colors = new Map<string, string>();
    draw(context, width, height, (name) => {
      let value = colors.get(name);
      if (value === undefined) colors.set(name, (value = style.getPropertyValue(`--${name}`).trim()));
      return value;
    });
  }, [version, ...on]);
  return canvas;
}
