// The comparison of groups: what is chosen, and the result with its text, figures and the scans that were left out.
import { post } from './api.js';
import { choice, field, h, put } from './dom.js';
import { columnName } from './group_table.js';
import { copyButton, problem } from './parts.js';
import T from './texts.js';

function resultOf(id, result, mixed) {
    const left = result.left_out ?? [];
    const parts = String(result.text).split(/\n\n+/);
    const isAbout = (p) => p.startsWith('About the tables:'); // study/groups: what the reader of the page has to know, and the reader of the paper not
    const text = parts.filter((p) => !isAbout(p)).join('\n\n').trim();
    const about = parts.filter(isAbout).map((p) => p.replace('About the tables:', '').trim());
    return h('div', { class: 'comparison' },
        h('section', { class: 'card' }, h('div', { class: 'row spread' }, h('h3', {}, T.resultText), copyButton(() => text)),
            h('div', { class: 'pasteable' }, text.split(/\n\n+/).map((p) => h('p', {}, p)))),
        about.length > 0 ? h('details', { class: 'card', open: mixed }, h('summary', {}, T.aboutTables), about.map((p) => h('p', { class: 'small' }, p))) : null,
        h('p', {}, T.leftOutTitle(left.length)),
        left.length > 0 ? h('ul', {}, left.map((l) => h('li', {}, h('strong', {}, l.name), `: ${l.reason}`))) : null,
        h('h3', {}, T.figures),
        h('div', { class: 'figures' }, (result.figures ?? []).filter((f) => /\.(png|svg)$/i.test(f.url)).map((f) => h('figure', {},
            h('img', { src: f.url, alt: f.name, loading: 'lazy' }), h('figcaption', { class: 'soft' }, h('a', { href: f.url, download: f.name }, f.name))))),
        result.table_tsv ? tableOf(result.table_tsv) : null);
}

/** A short table of results, as rows and columns. */
function tableOf(tsv) {
    const [head, ...rows] = tsv.trim().split('\n').map((line) => line.split('\t'));
    return h('details', {}, h('summary', {}, T.tableDownload), h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': T.tableDownload },
        h('table', {}, h('thead', {}, h('tr', {}, head.map((c) => h('th', { scope: 'col' }, c)))),
            h('tbody', {}, rows.map((r) => h('tr', {}, r.map((c) => h('td', {}, c))))))), copyButton(() => tsv));
}

/** The form of the comparison and its result. update(group) takes what is there now; stale() says that a result is of before. */
export function compareSection(id) {
    const element = h('section', { 'aria-label': T.compare });
    const place = h('div', { 'aria-live': 'polite' });
    const old = h('p', { class: 'warn-text', role: 'status' });
    const button = h('button', { type: 'submit', class: 'primary' }, T.compareRun);
    let group = null;
    let offered = '';
    const valuesOf = (c) => [...new Set(group.rows.map((r) => r.participants?.[c]).filter((v) => v !== undefined && v !== null && v !== '' && v !== 'n/a').map(String))];

    /** The groups that the column names, the likely controls first. */
    function controls(column) {
        const values = valuesOf(column).slice(0, 50);
        const likely = values.find((v) => /^(hc|cn|nc|healthy|normal|controls?|0)$/i.test(v)) ?? values.find((v) => /control|healthy/i.test(v)) ?? values[0];
        return [values, likely];
    }

    function form(people, names) {
        const likely = people.filter((c) => valuesOf(c).length > 1 && valuesOf(c).length <= 6);
        const guess = likely.find((c) => /group|diagnos|dx|status|patient/i.test(c)) ?? likely.find((c) => !/sex|gender/i.test(c)) ?? likely[0] ?? people[0];
        const structure = choice(names.map((c) => [c, columnName(c)]), names.find((c) => /^hypothalamus(_B)?(_mm3)?$/.test(c)) ?? names[0]);
        const control = h('select', {});
        const offer = (c) => {
            const [values, first] = controls(c);
            put(control, values.map((v) => h('option', { value: v, selected: v === first }, v)));
        };
        const column = choice(people.map((c) => [c, c]), guess, offer);
        offer(guess);
        const normalise = choice(T.normaliseChoices, 'none');
        const covariates = people.filter((c) => /^(age|sex|gender|site|scanner)$/i.test(c)).map((c) => h('input', { type: 'checkbox', value: c }));
        const run = async (event) => {
            event.preventDefault();
            button.disabled = true;
            put(old);
            put(place, h('p', { class: 'soft', role: 'status' }, T.compareRunning));
            try {
                put(place, resultOf(id, await post(`/api/groups/${id}/compare`, {
                    structure: structure.value, group: column.value, control: control.value, normalise: normalise.value,
                    covariates: covariates.filter((b) => b.checked).map((b) => b.value),
                }), (group.mixed ?? []).length > 0));
            } catch (error) { put(place, problem(error)); }
            button.disabled = false;
        };
        return h('form', { class: 'fields', onsubmit: run }, field(T.compareStructure, structure), field(T.compareGroup, column), field(T.compareControl, control),
            field(T.normalise, normalise),
            covariates.length > 0 ? h('fieldset', {}, h('legend', {}, T.covariates), covariates.map((b) => h('label', { class: 'check' }, b, ' ', b.value))) : null,
            h('div', { class: 'row' }, button));
    }
    return {
        element,
        update(now) {
            group = now;
            const people = [...new Set(group.rows.flatMap((r) => Object.keys(r.participants ?? {})))].filter((c) => c !== 'participant_id');
            const names = group.columns ?? [];
            const offers = JSON.stringify([names, people, people.map(valuesOf)]);
            if (offers === offered) { this.stale(); return; }
            offered = offers;
            if (place.querySelector('.comparison')) put(old, T.compareOld);
            put(place);
            put(element, h('h2', {}, T.compare), h('p', { class: 'soft' }, T.compareNote),
                people.length === 0 || names.length === 0 ? h('p', {}, T.compareNeeds) : form(people, names), old, place);
        },
        /** A scan of the group was deleted, and with it, on the server, the comparisons that it was in. */
        gone() {
            if (!place.querySelector('.comparison')) return;
            put(place);
            put(old, T.compareGone);
        },
        stale() { if (place.querySelector('.comparison')) put(old, T.compareOld); },
    };
}
