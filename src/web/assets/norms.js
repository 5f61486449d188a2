// Where the person lies among people of the same age: the percentiles of a norm over age as lines, the person as a point.
import { h, svg } from './dom.js';
import { frame, path } from './chart.js';
import { percentile, plain, structureName, unitOf } from './format.js';
import T from './texts.js';

const LINES = ['p5', 'p25', 'p50', 'p75', 'p95'];

/** A norm in the unit in which the table shows the structure; in its own where that is another kind of unit. */
function inUnitOfTable(norm) {
    const unit = unitOf(norm.structure);
    const factor = norm.unit === unit ? 1 : norm.unit === 'mL' && unit === 'mm\u00b3' ? 1000 : norm.unit === 'mm\u00b3' && unit === 'mL' ? 0.001 : null;
    if (factor === null || factor === 1) return norm;
    const curve = norm.curve.map((c) => ({ ...c, ...Object.fromEntries(LINES.map((p) => [p, c[p] * factor])) }));
    return { ...norm, unit, value: norm.value * factor, curve };
}

function normChart(job, given) {
    const norm = inUnitOfTable(given);
    const name = structureName(norm.structure.replace(/_([LRB])$/, (_, s) => ({ L: ', left', R: ', right', B: '' })[s]));
    const curve = norm.curve;
    const values = [...curve.flatMap((c) => [c.p5, c.p95]), norm.value];
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const ages = [...curve.map((c) => c.age), norm.age ?? job.age];
    const digits = high < 20 ? 2 : high < 200 ? 1 : 0;
    const text = plain(norm.value, digits);
    const alt = T.normAlt(name, text, norm.unit, percentile(norm.percentile));
    const { root, x, y } = frame({
        xs: [Math.min(...ages), Math.max(...ages)], ys: [low - 0.08 * (high - low), high + 0.08 * (high - low)], xLabel: T.normAxis, yLabel: norm.unit, label: alt,
    });
    const band = (a, b, cls) => svg('path', { d: `${path(curve.map((c) => [c.age, c[a]]), x, y)}${path(curve.map((c) => [c.age, c[b]]).reverse(), x, y).replace('M', 'L')}Z`, class: cls });
    root.append(band('p5', 'p95', 'band'), band('p25', 'p75', 'band inner'));
    for (const p of LINES) root.append(svg('path', { d: path(curve.map((c) => [c.age, c[p]]), x, y), class: p === 'p50' ? 'line median' : 'line' }));
    const outside = norm.percentile < 5 || norm.percentile > 95;
    root.append(svg('circle', { cx: x(norm.age ?? job.age), cy: y(norm.value), r: 5, class: outside ? 'person outside' : 'person' }));
    return h('figure', { class: 'norm' }, h('figcaption', {}, h('strong', {}, name), ' ', T.normValue(text, norm.unit), h('br'),
        h('span', { class: outside ? 'bad-text' : 'soft' }, T.normText(percentile(norm.percentile), plain(norm.z, 2))),
        norm.remark ? h('span', { class: 'soft' }, `; ${norm.remark}`) : null,
        norm.simulated ? h('strong', { class: 'warn-text small' }, h('br'), T.normSimulated) : null), root);
}

/** Null where no norm is loaded: a page without a norm has nothing to say about it. */
export function normSection(job, data) {
    if (data.norm === null || data.norm === undefined) return null;
    const usable = data.norm.filter((n) => Number.isFinite(n.value) && n.curve?.length > 1 && Number.isFinite(n.percentile));
    const reasons = data.norm.filter((n) => n.reason).map((n) => h('li', {}, `${structureName(n.structure)}: ${n.reason}`));
    return h('section', { class: 'norms', 'aria-label': T.norms }, h('h2', {}, T.norms),
        usable.length > 0 ? h('div', { class: 'charts' }, usable.map((n) => normChart(job, n)))
            : reasons.length > 0 ? null : h('p', { class: 'soft' }, T.normNeeds),
        reasons.length > 0 ? h('ul', {}, reasons) : null, usable.length > 0 ? h('p', { class: 'soft small' }, T.normLines, ' ',
            [...new Set(usable.map((n) => T.normPeople(structureName(n.structure), n.people, n.source)))].join(' ')) : null);
}
