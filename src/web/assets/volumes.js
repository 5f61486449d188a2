// The table of volumes, which is the legend of the scan, too: a box and a colour per structure, both sides, asymmetry, part of the head.
import { h, put } from './dom.js';
import { ofHead, signed, structureName, unitOf, volume } from './format.js';
import { unusable, verdictOf } from './verdict.js';
import T from './texts.js';

const isPart = (structure) => /^hypothalamus_/.test(structure);
const isHead = (structure) => structure === 'icv';

/** The label numbers of a structure; of the whole hypothalamus those of its parts, where only these are in the map. */
export function numbersOf(labels, structure) {
    const own = labels.filter((l) => l.structure === structure && l.index > 0);
    const all = own.length > 0 ? own : labels.filter((l) => l.structure.startsWith(`${structure}_`) && l.index > 0);
    return all.map((l) => l.index);
}

/** "Thalamus"; a part with the whole that it belongs to: "Hypothalamus, posterior". */
export const nameOf = (v) => structureName(v.structure, isPart(v.structure) && v.label ? `hypothalamus, ${v.label}` : v.label);

function swatches(labels, structure) {
    const colours = [...new Set(labels.filter((l) => l.structure === structure).map((l) => l.color))];
    return colours.slice(0, 2).map((colour) => h('span', { class: 'chip', css: { background: colour } }));
}

/** The order of the report: what the program is for first, then deep structures, then tissues. Tissues are switched off at first: they
 *  would cover the scan. */
const TISSUE = /^(cerebral_|cerebellum_|csf$|lateral_ventricle|third_ventricle|fourth_ventricle|brain_stem)/;
const rank = (s) => (s === 'hypothalamus' ? 0 : isPart(s) ? 1 : s === 'thalamus' ? 2 : isHead(s) ? 3 : TISSUE.test(s) ? 5 : 4);

export function volumeTable(job, data, viewer) {
    const tag = unusable(verdictOf(job, data)) ? 's' : 'span';
    const number = (text) => (text === T.absent || text === '' ? text : h(tag, {}, text));
    const boxes = [];
    const corrected = data.versions.find((v) => v.number === data.version)?.by === 'hand';
    const cells = new Map();
    const row = (v) => {
        const name = nameOf(v);
        const short = isPart(v.structure) ? v.label ?? name : name;
        const on = !TISSUE.test(v.structure);
        const numbers = numbersOf(data.labels, v.structure);
        const box = numbers.length > 0 ? h('input', {
            type: 'checkbox', checked: on, 'aria-label': T.showStructure(name), onchange: () => {
                viewer.show(numbers, box.checked);
                for (const other of boxes) if (other !== entry && other.numbers.every((n) => numbers.includes(n))) other.box.checked = box.checked;
            },
        }) : null;
        const entry = { box, numbers };
        if (box) boxes.push(entry);
        const both = h('td', {}, number(volume(v.both_mm3, v.structure)), ' ', h('small', {}, unitOf(v.structure)));
        cells.set(v.structure, both);
        const remarks = (v.flags || []).map((f) => f.sentence ?? f).join(' ');
        const flags = remarks === '' ? null : h('span', { class: 'flag', title: remarks, role: 'img', 'aria-label': remarks }, '!');
        const byHand = v.by_voxels && corrected && v.structure !== 'icv' ? h('span', { class: 'by-hand', title: T.byVoxels, role: 'img', 'aria-label': T.byVoxels }, '\u270e') : null;
        const sided = Number.isFinite(v.left_mm3) || Number.isFinite(v.right_mm3);
        return h('tr', { class: isPart(v.structure) ? 'part' : 'whole' },
            h('td', { class: 'screen box' }, box),
            h('th', { scope: 'row' }, swatches(data.labels, v.structure), numbers.length > 0
                ? h('button', { type: 'button', class: 'link', title: T.goTo(name), onclick: () => { if (!box.checked) box.click(); viewer.go(numbers); } }, short) : short, byHand, flags),
            h('td', {}, sided ? number(volume(v.left_mm3, v.structure)) : ''), h('td', {}, sided ? number(volume(v.right_mm3, v.structure)) : ''),
            both, h('td', {}, number(signed(v.asymmetry_percent))), h('td', {}, isHead(v.structure) ? '' : number(ofHead(v.icv_percent))));
    };
    const body = h('tbody', {}, data.volumes.slice().sort((a, b) => rank(a.structure) - rank(b.structure)).map(row));
    const all = h('button', {
        type: 'button', class: 'quiet small', onclick: () => {
            const on = boxes.some((b) => !b.box.checked);
            for (const b of boxes) { b.box.checked = on; viewer.show(b.numbers, on); }
            put(all, on ? T.allOff : T.allOn);
        },
    }, T.allOn);
    return {
        hidden: () => boxes.filter((b) => !b.box.checked).flatMap((b) => b.numbers),
        element: h('div', {}, h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': T.volumes }, h('table', { class: 'volumes' },
            h('thead', {}, h('tr', {}, h('td', { class: 'screen' }), [T.col.structure, T.col.left, T.col.right, T.col.both, T.col.asymmetry, T.col.icv]
                .map((text) => h('th', { scope: 'col' }, text)))), body)), h('p', { class: 'screen' }, all)),
        /** The volume of a label on its side, for the line under the scan. */
        of(label) {
            const v = data.volumes.find((x) => x.structure === label.structure);
            return v ? (label.hemi === 'L' ? v.left_mm3 : label.hemi === 'R' ? v.right_mm3 : v.both_mm3) : NaN;
        },
        name(label) {
            const v = data.volumes.find((x) => x.structure === label.structure);
            return v ? nameOf(v) : structureName(label.structure);
        },
    };
}
