// The table of a group: sorts by any column, filters, and shows a small picture of each scan.
import { h, put } from './dom.js';
import { volume, unitOf } from './format.js';
import { rowMark } from './parts.js';
import { remarks } from './verdict.js';
import T from './texts.js';

export const isOut = (row) => row.accepted === false;
/** Remarks that ask for a look: all but notes. */
export const checks = (row) => (row.flags ?? []).filter((f) => f.level !== 'note');

const USUAL = ['hypothalamus_B', 'hypothalamus', 'thalamus_B', 'thalamus', 'icv_B', 'icv'];
const SHOWN = 2; // remarks per row; the others behind a word

export const columnName = (name) => {
    const side = name.match(/_([LRB])$/);
    const base = name.replace(/_([LRB])$/, '').replace(/_mm3$/, '').replace(/_/g, ' ');
    const text = base === 'icv' ? 'ICV' : base === 'csf' ? 'CSF' : base.charAt(0).toUpperCase() + base.slice(1);
    return side && side[1] !== 'B' ? `${text}, ${side[1] === 'L' ? 'left' : 'right'}` : text;
};

function matches(row, view) {
    const text = [row.name, row.reason, row.networks, ...(row.flags ?? []).map((f) => f.sentence), ...Object.values(row.participants ?? {})].join(' ').toLowerCase();
    const state = view.state === 'all' || (view.state === 'out' ? isOut(row) : view.state === 'used' ? !isOut(row)
        : view.state === 'open' ? !row.review : checks(row).length > 0);
    return state && view.text.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

function valueOf(row, column) {
    if (column === 'name') return row.name;
    if (column === 'state') return (isOut(row) ? 1000 : 0) + checks(row).length;
    if (column.startsWith('p:')) {
        const text = row.participants?.[column.slice(2)];
        return text !== undefined && text !== null && text !== '' && !Number.isNaN(Number(text)) ? Number(text) : text;
    }
    return column === 'age' ? row.age : column === 'sex' ? row.sex : row.volumes?.[column];
}

function compare(a, b) {
    const [x, y] = [a ?? null, b ?? null];
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1; // what is missing comes last
    return typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y), undefined, { numeric: true });
}

/** Sentences of quality control; the third and further ones behind "and 3 more". */
function remarkList(row) {
    const all = remarks(checks(row));
    if (all.length === 0) return null;
    return [h('ul', { class: 'remarks' }, all.slice(0, SHOWN)), all.length > SHOWN ? h('details', { class: 'remarks' },
        h('summary', {}, T.moreRemarks(all.length - SHOWN)), h('ul', { class: 'remarks' }, all.slice(SHOWN))) : null];
}

export function groupTable(id, view, { open, changed }) {
    let group = null;
    let lines = new Map(); // row → its line, for as long as the columns are the same: a picture is not fetched again when rows are sorted
    const element = h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': T.groupTable });
    const columns = h('div', {});
    const shownColumns = () => view.columns ?? [];
    const pick = (c) => h('label', {}, h('input', {
        type: 'checkbox', value: c, checked: view.columns.includes(c),
        onchange: () => { view.columns = [...columns.querySelectorAll('input:checked')].map((box) => box.value); lines.clear(); self.draw(); },
    }), ' ', columnName(c));

    const heading = (column, text) => h('th', { scope: 'col', 'aria-sort': view.sort === column ? (view.down ? 'descending' : 'ascending') : null },
        h('button', {
            type: 'button', class: 'link', title: T.sortBy(text), 'data-column': column, onclick: () => {
                view.down = view.sort === column && !view.down;
                view.sort = column;
                self.draw();
                [...element.querySelectorAll('thead button')].find((b) => b.dataset.column === column)?.focus();
            },
        }, text, view.sort === column ? (view.down ? ' \u25be' : ' \u25b4') : ''));

    function thumbnail(row) {
        const none = () => h('span', { class: 'soft small' }, T.noPicture);
        const button = h('button', { type: 'button', class: 'thumb', onclick: () => open(row.key), 'aria-label': T.pictureOf(row.name) },
            row.thumbnail ? h('img', { src: row.thumbnail, alt: '', loading: 'lazy', decoding: 'async', width: 216, height: 70, onerror: () => put(button, none()) }) : none());
        return button;
    }

    function line(row) {
        const out = isOut(row);
        const reason = row.review && !row.review.accepted ? `${row.review.reason} (${row.review.who})` : checks(row).length === 0 ? row.reason : null;
        return h('tr', { class: out ? 'out' : null }, h('td', {}, thumbnail(row)),
            h('th', { scope: 'row' }, row.job ? h('a', { href: `#/scan/${row.job}` }, row.name) : row.name, row.corrected ? h('span', { class: 'mark soft' }, T.corrected) : null),
            h('td', { class: 'text verdicts' }, rowMark(row), out ? h('span', { class: 'soft small' }, ` ${T.leftOutMark}`) : null,
                reason ? h('p', {}, reason) : null, remarkList(row)),
            self.about.map((c) => h('td', {}, row[c] ?? '')),
            shownColumns().map((c) => h('td', {}, h(out ? 's' : 'span', {}, volume(row.volumes?.[c], c)), Number.isFinite(row.volumes?.[c]) ? [' ', h('small', {}, unitOf(c))] : null)),
            self.people.map((p) => h('td', { class: 'text' }, row.participants?.[p] ?? '')));
    }
    const lineOf = (row) => {
        if (!lines.has(row)) lines.set(row, line(row));
        return lines.get(row);
    };
    const self = {
        element,
        people: [], // columns of the participants table
        about: [], // age and sex, where one is known
        columnsField: h('details', { class: 'columns' }, h('summary', {}, T.shownStructures), columns),
        shown() {
            const rows = group.rows.filter((row) => matches(row, view));
            rows.sort((a, b) => (view.down ? -1 : 1) * compare(valueOf(a, view.sort), valueOf(b, view.sort)));
            return rows;
        },
        update(next) {
            group = next;
            const names = group.columns ?? [];
            if (view.columns === null && names.length > 0) {
                view.columns = names.filter((c) => USUAL.includes(c.replace(/_mm3$/, '')));
                if (view.columns.length === 0) view.columns = names.slice(0, 3);
                put(columns, names.map(pick));
            }
            const people = [...new Set(group.rows.flatMap((r) => Object.keys(r.participants ?? {})))].filter((p) => p !== 'participant_id' && p !== 'age' && p !== 'sex');
            const about = ['age', 'sex'].filter((c) => group.rows.some((r) => r[c] !== null && r[c] !== undefined));
            if (people.join() !== self.people.join() || about.join() !== self.about.join()) lines.clear();
            Object.assign(self, { people, about });
            lines = new Map(group.rows.filter((r) => lines.has(r)).map((r) => [r, lines.get(r)]));
            self.draw();
        },
        draw() {
            const rows = group.rows.length > 0 ? self.shown() : [];
            put(element, group.rows.length === 0 ? null : h('table', { class: 'list group' }, h('thead', {}, h('tr', {}, h('td', {}), heading('name', T.column.name),
                heading('state', T.column.state), self.about.map((c) => heading(c, c === 'age' ? T.age : T.sex)), shownColumns().map((c) => heading(c, columnName(c))),
                self.people.map((p) => heading(`p:${p}`, p)))), h('tbody', {}, rows.map(lineOf))));
            changed(rows);
        },
    };
    return self;
}
