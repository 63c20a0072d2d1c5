/** Round positions from `from` to `to`, about `wanted` of them; both ends may be included. */
export function ticks(from: number, to: number, wanted: number): number[] {
  const span = to - from;
  if (!(span > 0) || !Number.isFinite(span)) return [from];
  const rough = span / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const found: number[] = [];
  for (let i = Math.ceil(from / step); i * step <= to + step * 1e-9 && found.length < 100; i++)
    found.push(i * step);
  return found;
}

export interface Stretch {
  from: number;
  to: number;
}

/** The stretches as shares of the frame (0 to 1), cut at its ends; neighbours closer than `gap` become one. */
export function coalesce(stretches: readonly Stretch[], frame: Stretch, gap: number): Stretch[] {
  const width = frame.to - frame.from;
  const found: Stretch[] = [];
  for (const one of [...stretches].sort((a, b) => a.from - b.from)) {
    const from = Math.max(0, (one.from - frame.from) / width);
    const to = Math.min(1, (one.to - frame.from) / width);
    if (to < from) continue;
    const last = found[found.length - 1];
    if (last && from - last.to <= gap) last.to = Math.max(last.to, to);
    else found.push({from, to});
  }
  return found;
}
