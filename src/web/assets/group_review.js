// The review of a group: one scan after another, one key each. A accepts and R rejects, and both go on to the next scan.
import { field, h, keep, put } from './dom.js';
import { isOut, remarksOf } from './group_table.js';
import T from './texts.js';

/** decide(row, accepted, reason, who) keeps the decision. */
export function review(id, rows, start, decide) {
    if (rows.length === 0) return;
    let at = start;
    const decided = new Map();
    const title = h('h2', {});
    const mark = h('span', { class: 'mark' });
    const picture = h('img', { alt: '' });
    const frame = h('div', { class: 'picture', tabindex: 0, role: 'region', 'aria-label': T.picture }, picture);
    const notes = h('p', {});
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
        const row = rows[at];
        const out = decided.has(row.key) ? !decided.get(row.key) : isOut(row);
        put(title, row.name, h('span', { class: 'soft small' }, ` ${T.reviewOf(at + 1, rows.length)}`));
        mark.className = `mark ${out ? 'bad' : 'ok'}`;
        put(mark, out ? T.leftOutMark : T.used);
        picture.hidden = !row.picture;
        frame.scrollTop = 0;
        if (row.picture) picture.src = row.picture;
        picture.alt = row.picture ? T.pictureOf(row.name) : '';
        put(notes, remarksOf(row));
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
        keep.set('who', name);
        const row = rows[at];
        try {
            await decide(row, accepted, text, name);
            decided.set(row.key, accepted);
            go(1);
        } catch (error) { put(status, error.message); }
    }
    dialog.addEventListener('keydown', (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const key = event.key.toLowerCase();
        if (event.target === reason && /^[1-5]$/.test(key) && reason.value === '') {
            event.preventDefault();
            finish(false, T.reasons[Number(key) - 1]);
        } else if (event.target instanceof HTMLInputElement) {
            return;
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
