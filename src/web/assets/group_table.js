// The table of a group: sorts by any column, filters, and shows a picture of each scan.
import { h, put } from './dom.js';
import { volume, unitOf } from './format.js';
import T from './texts.js';

export const isOut = (row) => row.accepted === false;
/** The remarks of a row in one line: each once; names of flags without their underscores. */
export const remarksOf = (row) => [...new Set(row.warnings ?? [])].map((w) => (/^[a-z0-9_]+$/.test(w) ? w.replace(/_/g, ' ') : w)).join(', ');

const USUAL = ['hypothalamus_B', 'hypothalamus', 'thalamus_B', 'thalamus', 'icv_B', 'icv'];

export const columnName = (name) => {
    const side = name.match(/_([LRB])$/);
    const base = name.replace(/_([LRB])$/, '').replace(/_mm3$/, '').replace(/_/g, ' ');
    const text = base === 'icv' ? 'ICV' : base.charAt(0).toUpperCase() + base.slice(1);
    return side && side[1] !== 'B' ? `${text}, ${side[1] === 'L' ? 'left' : 'right'}` : text;
};

function matches(row, view) {
    const text = [row.name, row.key, row.reason, ...Object.values(row.participants ?? {})].join(' ').toLowerCase();
    const state = view.state === 'all' || (view.state === 'out' ? isOut(row) : view.state === 'used' ? !isOut(row) : (row.warnings ?? []).length > 0);
    return state && view.text.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

function valueOf(row, column) {
    if (column === 'name') return row.name;
    if (column === 'state') return isOut(row) ? 1 : 0;
    if (column.startsWith('p:')) {
        const text = row.participants?.[column.slice(2)];
        return text !== undefined && text !== '' && !Number.isNaN(Number(text)) ? Number(text) : text;
    }
    return column === 'age' ? row.age : column === 'sex' ? row.sex : row.volumes?.[column];
}

function compare(a, b) {
    const [x, y] = [a ?? null, b ?? null];
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1; // what is missing comes last
    return typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y), undefined, { numeric: true });
}

export function groupTable(id, view, { open, changed }) {
    let group = null;
    const element = h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': T.groups });
    const columns = h('div', {});
    const pick = (c) => h('label', {}, h('input', {
        type: 'checkbox', value: c, checked: view.columns.includes(c),
        onchange: () => { view.columns = [...columns.querySelectorAll('input:checked')].map((box) => box.value); self.draw(); },
    }), ' ', columnName(c));

    const heading = (column, text) => h('th', { scope: 'col', 'aria-sort': view.sort === column ? (view.down ? 'descending' : 'ascending') : null },
        h('button', {
            type: 'button', class: 'link', title: T.sortBy(text), onclick: () => {
                view.down = view.sort === column && !view.down;
                view.sort = column;
                self.draw();
            },
        }, text, view.sort === column ? (view.down ? ' \u25be' : ' \u25b4') : ''));

    const thumbnail = (row) => h('button', { type: 'button', class: 'thumb', onclick: () => open(row.key), 'aria-label': T.pictureOf(row.name) },
        row.picture ? h('img', { src: row.picture, alt: '', loading: 'lazy', decoding: 'async' }) : h('span', { class: 'soft small' }, T.noPicture));

    function line(row) {
        const out = isOut(row);
        return h('tr', { class: out ? 'out' : null }, h('td', {}, thumbnail(row)),
            h('th', { scope: 'row' }, row.name, row.corrected ? h('span', { class: 'mark soft' }, T.corrected) : null),
            h('td', { class: 'text' }, h('span', { class: `mark ${out ? 'bad' : (row.warnings ?? []).length > 0 ? 'warn' : 'ok'}` }, out ? T.leftOutMark : T.used),
                out && row.reason ? h('div', { class: 'soft small' }, row.reason) : null,
                h('div', { class: 'soft small' }, remarksOf(row))),
            h('td', {}, row.age ?? ''), h('td', {}, row.sex ?? ''),
            view.columns.map((c) => h('td', {}, h(out ? 's' : 'span', {}, volume(row.volumes?.[c], c)), ' ', h('small', {}, unitOf(c)))),
            self.people.map((p) => h('td', { class: 'text' }, row.participants?.[p] ?? '')));
    }
    const self = {
        element,
        people: [],
        columnsField: h('details', { class: 'columns' }, h('summary', {}, T.shownStructures), columns),
        shown() {
            const rows = group.rows.filter((row) => matches(row, view));
            rows.sort((a, b) => (view.down ? -1 : 1) * compare(valueOf(a, view.sort), valueOf(b, view.sort)));
            return rows;
        },
        update(next) {
            group = next;
            const all = group.columns ?? [...new Set(group.rows.flatMap((r) => Object.keys(r.volumes ?? {})))];
            const names = all.map((c) => (typeof c === 'string' ? c : c.name));
            if (view.columns === null) {
                view.columns = names.filter((c) => USUAL.includes(c.replace(/_mm3$/, '')));
                if (view.columns.length === 0) view.columns = names.slice(0, 3);
                put(columns, names.map(pick));
            }
            self.people = [...new Set(group.rows.flatMap((r) => Object.keys(r.participants ?? {})))].filter((p) => p !== 'participant_id' && p !== 'age' && p !== 'sex');
            self.draw();
        },
        draw() {
            const rows = self.shown();
            put(element, h('table', { class: 'list group' }, h('thead', {}, h('tr', {}, h('td', {}), heading('name', T.column.name),
                heading('state', T.column.state), heading('age', T.age), heading('sex', T.sex), view.columns.map((c) => heading(c, columnName(c))),
                self.people.map((p) => heading(`p:${p}`, p)))), h('tbody', {}, rows.map(line))));
            changed(rows);
        },
    };
    return self;
}
