// Axes and lines in SVG, by hand: what the norm chart and the curves of a training share.
import { svg } from './dom.js';

/** Round values between low and high, about count of them. */
export function ticks(low, high, count = 5) {
    const span = high - low;
    if (!(span > 0)) return [low];
    const raw = span / count;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => span / s <= count) ?? 10 * power;
    const out = [];
    for (let v = Math.ceil(low / step) * step; v <= high + 1e-9 * span; v += step) out.push(Number(v.toPrecision(12)));
    return out;
}

/** A frame of width × height with axes; x and y turn values into places. */
export function frame({ width = 360, height = 240, xs, ys, xLabel, yLabel, label, pad = [46, 18, 18, 36] }) {
    const [left, right, top, bottom] = pad;
    const x = (v) => left + ((v - xs[0]) / (xs[1] - xs[0] || 1)) * (width - left - right);
    const y = (v) => height - bottom - ((v - ys[0]) / (ys[1] - ys[0] || 1)) * (height - top - bottom);
    const root = svg('svg', { viewBox: `0 0 ${width} ${height}`, class: 'chart', role: 'img', 'aria-label': label });
    for (const v of ticks(...ys)) {
        root.append(svg('line', { x1: left, x2: width - right, y1: y(v), y2: y(v), class: 'grid' }),
            svg('text', { x: left - 6, y: y(v) + 4, 'text-anchor': 'end' }, String(v)));
    }
    for (const v of ticks(...xs)) root.append(svg('text', { x: x(v), y: height - bottom + 16, 'text-anchor': 'middle' }, String(v)));
    root.append(svg('line', { x1: left, x2: width - right, y1: height - bottom, y2: height - bottom, class: 'axis' }),
        svg('text', { x: (left + width - right) / 2, y: height - 4, 'text-anchor': 'middle', class: 'name' }, xLabel ?? ''));
    if (yLabel) root.append(svg('text', { x: 2, y: 9, class: 'name' }, yLabel));
    return { root, x, y };
}

export function path(points, x, y) {
    let pen = 'M';
    return points.map(([px, py]) => {
        if (!Number.isFinite(py)) { pen = 'M'; return ''; }
        const out = `${pen}${x(px).toFixed(1)},${y(py).toFixed(1)}`;
        pen = 'L';
        return out;
    }).join('');
}
