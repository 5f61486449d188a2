// The review of a group: one scan after another, one key each. A accepts and R rejects, and both go on to the next scan.
import { field, h, keep, put } from './dom.js';
import { when } from './format.js';
import { isOut } from './group_table.js';
import { rowMark } from './parts.js';
import { remarks } from './verdict.js';
import T from './texts.js';

/** decide(row, accepted, reason, who) keeps the decision, and gives the row as it is now. */
export function review(id, rows, start, decide) {
    if (rows.length === 0) return;
    let at = start;
    let busy = false;
    const decided = new Map();
    const title = h('h2', {});
    const mark = h('span', {});
    const picture = h('img', { alt: '' });
    const frame = h('div', { class: 'picture', tabindex: 0, role: 'region', 'aria-label': T.picture }, picture);
    const notes = h('div', { class: 'notes' });
    const status = h('p', { class: 'soft', role: 'status' });
    const who = h('input', { type: 'text', autocomplete: 'name', value: keep.get('who'), maxlength: 200 });
    const nameField = field(T.who, who);
    nameField.classList.add('inline');
    const reason = h('input', { type: 'text', maxlength: 500, 'aria-label': T.reason });
    const why = h('form', { class: 'why', hidden: true, onsubmit: (event) => { event.preventDefault(); finish(false, reason.value.trim()); } },
        h('p', {}, T.rejectWhy), h('ol', {}, T.reasons.map((text, k) => h('li', {}, h('button', { type: 'button', class: 'quiet', onclick: () => finish(false, text) }, text)))),
        h('div', { class: 'row' }, reason, h('button', { type: 'submit', class: 'danger' }, T.reject), h('button', { type: 'button', onclick: () => asking(false) }, T.cancel)));
    const dialog = h('dialog', { class: 'review', 'aria-label': T.review },
        h('div', { class: 'row spread' }, h('div', { class: 'row' }, title, mark), h('button', { type: 'button', onclick: () => dialog.close() }, T.close)),
        frame, notes, why,
        h('div', { class: 'row spread' },
            h('div', { class: 'row' }, h('button', { type: 'button', class: 'primary', onclick: () => finish(true, '') }, `${T.accept} (A)`),
                h('button', { type: 'button', class: 'danger', onclick: () => asking(true) }, `${T.reject} (R)`),
                h('button', { type: 'button', onclick: () => go(-1) }, T.previous), h('button', { type: 'button', onclick: () => go(1) }, T.next)),
            nameField),
        h('p', { class: 'soft small' }, T.reviewHelp), status);

    function draw() {
        const row = decided.get(rows[at].key) ?? rows[at];
        put(title, row.name, h('span', { class: 'soft small' }, ` ${T.reviewOf(at + 1, rows.length)}`));
        put(mark, rowMark(row), isOut(row) ? h('span', { class: 'soft small' }, ` ${T.leftOutMark}`) : null);
        picture.hidden = !row.picture;
        frame.scrollTop = 0;
        if (row.picture) picture.src = row.picture;
        picture.alt = row.picture ? T.pictureOf(row.name) : '';
        const flags = remarks(row.flags);
        put(notes, row.review ? h('p', {}, row.review.reason ? `${row.review.reason} ` : '', h('span', { class: 'soft' }, T.reviewed(row.review.who, when(row.review.when)))) : null,
            flags.length > 0 ? h('ul', { class: 'remarks' }, flags) : null);
        if (rows[at + 1]?.picture) new Image().src = rows[at + 1].picture; // the next one is there before it is wanted
    }
    function asking(yes) {
        why.hidden = !yes;
        reason.value = '';
        if (yes) reason.focus(); else dialog.focus();
    }
    function go(by) {
        asking(false);
        const next = at + by;
        put(status, next >= rows.length ? T.reviewEnd : '');
        at = Math.max(0, Math.min(rows.length - 1, next));
        draw();
    }
    async function finish(accepted, text) {
        const name = who.value.trim();
        if (name === '') { put(status, T.whoNeeded); who.focus(); return; }
        if (busy) return; // a key that is held down must not decide about the scan behind
        busy = true;
        keep.set('who', name);
        const row = rows[at];
        try {
            decided.set(row.key, await decide(row, accepted, text, name));
            go(1);
        } catch (error) { put(status, error.message); }
        busy = false;
    }
    dialog.addEventListener('keydown', (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const key = event.key.toLowerCase();
        if (event.target === reason && /^[1-5]$/.test(key) && reason.value === '') {
            event.preventDefault();
            finish(false, T.reasons[Number(key) - 1]);
        } else if (event.target instanceof HTMLInputElement) {
            if (event.target === who && key === 'enter') dialog.focus();
        } else if (key === 'a') { event.preventDefault(); finish(true, ''); } else if (key === 'r') { event.preventDefault(); asking(true); }
        else if (key === 'arrowright' || key === 'n') go(1);
        else if (key === 'arrowleft') go(-1);
        else if (key === 'arrowdown' || key === 'arrowup') { event.preventDefault(); frame.scrollBy(0, key === 'arrowdown' ? 160 : -160); }
    });
    dialog.addEventListener('close', () => dialog.remove());
    document.body.append(dialog);
    dialog.tabIndex = -1;
    dialog.showModal();
    draw();
    if (who.value === '') who.focus(); else dialog.focus();
}
