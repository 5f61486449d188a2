// The comparison of groups: what is chosen, and the result with its text, figures and the scans that were left out.
import { post } from './api.js';
import { choice, field, h, put } from './dom.js';
import { columnName } from './group_table.js';
import { copyButton, problem } from './parts.js';
import T from './texts.js';

function resultOf(id, result) {
    const left = result.left_out ?? [];
    return h('div', { class: 'comparison' },
        h('section', { class: 'card' }, h('div', { class: 'row spread' }, h('h3', {}, T.resultText), copyButton(() => result.text)),
            h('div', { class: 'pasteable' }, String(result.text).split(/\n\n+/).map((p) => h('p', {}, p)))),
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

export function compareSection(id, group) {
    const people = [...new Set(group.rows.flatMap((r) => Object.keys(r.participants ?? {})))].filter((c) => c !== 'participant_id');
    const columns = (group.columns ?? []).map((c) => (typeof c === 'string' ? c : c.name));
    const names = columns.length > 0 ? columns : [...new Set(group.rows.flatMap((r) => Object.keys(r.volumes ?? {})))];
    const section = h('section', { 'aria-label': T.compare }, h('h2', {}, T.compare), h('p', { class: 'soft' }, T.compareNote));
    if (people.length === 0) return put(section, ...section.childNodes, h('p', {}, T.compareNeeds));
    const kinds = (c) => new Set(group.rows.map((r) => r.participants?.[c]).filter((v) => v !== undefined && v !== '' && v !== 'n/a')).size;
    const likely = people.filter((c) => kinds(c) > 1 && kinds(c) <= 6);
    const guess = likely.find((c) => /group|diagnos|dx|status|patient/i.test(c)) ?? likely.find((c) => !/sex|gender/i.test(c)) ?? likely[0] ?? people[0];
    const structure = choice(names.map((c) => [c, columnName(c)]), names.find((c) => /^hypothalamus(_B)?(_mm3)?$/.test(c)) ?? names[0]);
    const column = choice(people.map((c) => [c, c]), guess);
    const normalise = choice(T.normaliseChoices, 'none');
    const covariates = people.filter((c) => /^(age|sex|gender|site|scanner)$/i.test(c)).map((c) => h('input', { type: 'checkbox', value: c }));
    const place = h('div', { 'aria-live': 'polite' });
    const button = h('button', { type: 'submit', class: 'primary' }, T.compareRun);
    const form = h('form', {
        class: 'fields', async onsubmit(event) {
            event.preventDefault();
            button.disabled = true;
            put(place, h('p', { class: 'soft', role: 'status' }, T.compareRunning));
            try {
                const result = await post(`/api/groups/${id}/compare`, {
                    structure: structure.value, group: column.value, covariates: covariates.filter((b) => b.checked).map((b) => b.value),
                    adjust: [], normalise: normalise.value,
                });
                put(place, resultOf(id, result));
            } catch (error) { put(place, problem(error)); }
            button.disabled = false;
        },
    }, field(T.compareStructure, structure), field(T.compareGroup, column), field(T.normalise, normalise),
    covariates.length > 0 ? h('fieldset', {}, h('legend', {}, T.covariates), covariates.map((b) => h('label', { class: 'check' }, b, ' ', b.value))) : null,
    h('div', { class: 'row' }, button));
    section.append(form, place);
    return section;
}
