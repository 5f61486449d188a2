// One group: its table, the review scan by scan, a participants table, and the comparison of groups.
import { get, post, putTo } from './api.js';
import { choice, field, h, put, say } from './dom.js';
import { compareSection } from './group_compare.js';
import { groupTable, isOut } from './group_table.js';
import { review } from './group_review.js';
import { listen } from './live.js';
import { problem } from './parts.js';
import { upload } from './upload.js';
import T from './texts.js';

/** Scans by their names on the page, and not by their tables. */
const inWords = (text) => text.replace(/in (\d+) scans? \((\S+?)_volumes\.tsv\)/g, (_, n, name) => T.mixedScans(Number(n), name));

/** Scans that were measured differently must not be compared without knowing it. */
function mixed(group) {
    const lines = group.mixed ?? [];
    return lines.length === 0 ? null : h('div', { class: 'verdict warn', role: 'status' }, h('strong', {}, T.mixedTitle), lines.map((text) => h('p', {}, inWords(text))));
}

function unmatched(group, again) {
    const lines = [];
    const rows = group.unmatched?.rows ?? [];
    const people = group.unmatched?.participants ?? [];
    if (rows.length > 0) lines.push(T.unmatchedRows(rows.length, rows.join(', ')));
    if (people.length > 0) lines.push(T.unmatchedPeople(people.length, people.join(', ')));
    const failed = group.failed ?? [];
    return [mixed(group), lines.map((text) => h('p', { class: 'warn-text' }, text)), failed.length > 0 ? [h('p', { class: 'warn-text' }, T.failedScans(failed.length)),
        h('ul', {}, failed.map((f) => h('li', {}, h('strong', {}, f.name), `: ${f.reason ?? ''} `, f.job ? h('button', {
            type: 'button', class: 'small', 'aria-label': `${T.measureAgain}: ${f.name}`, onclick: () => again(f.job),
        }, T.measureAgain) : null)))] : null];
}

/** Scans of the group that are still measured. */
function still(group) {
    const count = group.pending?.length ?? 0;
    const ended = group.rows.length + (group.failed ?? []).length;
    return count === 0 ? null : h('div', { class: 'card progress' }, h('progress', { max: ended + count, value: ended, 'aria-label': T.progressLabel }),
        h('p', { class: 'step' }, T.pending(ended, ended + count)), h('p', { class: 'soft small' }, T.pendingNote));
}

/** Whether news of a scan say more than the row does: a review of this page is in the row already. */
const changedBy = (row, job) => (job.review?.when ?? null) !== (row.review?.when ?? null) || (job.corrected ?? false) !== row.corrected;

export async function show(main, [id], current) {
    let group = await get(`/api/groups/${id}`);
    if (!current()) return null;
    const trouble = h('div', {});
    const fail = (error) => put(trouble, problem(error));
    const count = h('p', { class: 'soft', 'aria-live': 'polite' });
    const notes = h('div', {});
    const view = { text: '', state: 'all', sort: 'name', down: false, columns: null };
    const table = groupTable(id, view, { open: (key) => startReview(key), changed: counts });
    const compare = compareSection(id);
    const waiting = h('div', { 'aria-live': 'polite' });

    function counts(shown) {
        if (group.rows.length > 0) put(count, T.groupRows(shown.length, group.rows.length, group.rows.filter(isOut).length));
    }
    function draw() {
        table.update(group);
        put(notes, unmatched(group, async (job) => {
            try { await post(`/api/jobs/${job}/again`, {}); await fresh(); } catch (error) { fail(error); }
        }));
        put(waiting, still(group));
        for (const part of needsRows) part.hidden = group.rows.length === 0;
        compare.update(group);
    }
    async function decide(row, accepted, reason, who) {
        try {
            const now = await putTo(`/api/groups/${id}/rows/${encodeURIComponent(row.key)}/review`, { accepted, reason, who });
            group.rows = group.rows.map((r) => (r.key === row.key ? now : r));
            table.update(group);
            compare.stale();
            say(`${row.name}: ${accepted ? T.used : T.whyOut(reason)}`);
            return now;
        } catch (error) { fail(error); throw error; }
    }
    function startReview(key) {
        const rows = table.shown();
        review(id, rows, Math.max(0, rows.findIndex((r) => r.key === key)), decide);
    }
    const file = h('input', {
        type: 'file', accept: '.tsv,.csv,.txt', class: 'unseen', tabindex: '-1', 'aria-hidden': 'true', id: 'participants', async onchange() {
            try {
                const at = await upload([...file.files]);
                const answer = await putTo(`/api/groups/${id}/participants`, { upload: at });
                group = answer?.rows ? answer : await get(`/api/groups/${id}`);
                draw();
            } catch (error) { fail(error); }
            file.value = '';
        },
    });
    const needsRows = [table.element, compare.element];
    const filter = h('input', { type: 'search', oninput: () => { view.text = filter.value; table.draw(); } });
    const state = choice([['all', T.filterAll], ['used', T.filterUsed], ['out', T.filterOut], ['warn', T.filterWarn], ['open', T.filterOpen]], 'all', (v) => { view.state = v; table.draw(); });
    const tools = h('div', { class: 'row' }, h('button', { type: 'button', class: 'primary', onclick: () => startReview(table.shown()[0]?.key) }, T.review),
        h('button', { type: 'button', title: T.participantsNote, onclick: () => file.click() }, T.participants), file,
        h('a', { class: 'button', href: `/api/groups/${id}/table.tsv`, download: `${group.name}.tsv` }, T.table));
    const filters = h('div', { class: 'fields' }, field(T.filter, filter), field(T.filterState, state), table.columnsField);
    needsRows.push(tools, filters);
    put(main, h('div', { class: 'row spread head' }, h('div', {}, h('h1', {}, group.name), count),
        tools),
    trouble, waiting, notes, filters, table.element, compare.element);
    draw();
    const fresh = async () => {
        try { group = await get(`/api/groups/${id}`); if (current()) draw(); } catch (error) { fail(error); }
    };
    let due = null;
    const soon = () => { due ??= setTimeout(() => { due = null; fresh(); }, 500); }; // many scans may end at once
    const news = listen('job', (job) => {
        const ended = !['queued', 'running'].includes(job.state);
        if (ended && (group.pending?.includes(job.id) || group.rows.some((r) => r.job === job.id && changedBy(r, job)))) soon();
    });
    const gone = listen('deleted', ({ id: job }) => {
        if (!group.rows.some((r) => r.job === job) && !group.pending?.includes(job) && !(group.failed ?? []).some((f) => f.job === job)) return;
        compare.gone();
        soon();
    });
    const again = listen('open', fresh);
    return () => { news(); gone(); again(); clearTimeout(due); document.querySelector('dialog.review')?.close(); };
}
