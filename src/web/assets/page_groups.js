// The list of groups, and the place to drop many scans at once.
import { get, post, remove } from './api.js';
import { ask, field, h, put, say } from './dom.js';
import { dropZone, scansOf } from './drop.js';
import { groupOf, uploadAll } from './page_home.js';
import { problem } from './parts.js';
import T from './texts.js';

export async function show(main, _parts, current) {
    const answer = await get('/api/groups');
    if (!current()) return null;
    const groups = Array.isArray(answer) ? answer : answer.groups;
    const leave = new AbortController();
    const uploads = h('div', { 'aria-live': 'polite' });
    const name = h('input', { type: 'text', maxlength: 200 });
    const zone = dropZone(async (files, tell) => {
        const { scans, left } = await scansOf(files);
        tell(scans.length === 0 ? T.noScans(left.length, left[0]) : left.length > 0 ? T.leftOut(left.length, left[0]) : '', scans.length === 0);
        if (scans.length === 0) return;
        const jobs = await uploadAll(scans, uploads, () => ({}), leave.signal);
        if (jobs.length === 0) return;
        await groupOf(jobs, name.value.trim() || T.newGroup(jobs.length), uploads, current);
    }, { title: T.dropMany, note: T.dropManyNote });
    /** A folder of results is named at the start of the program, and only there; all other groups can be deleted. */
    function line(g) {
        const drop = async () => {
            if (!await ask(T.removeTitle(g.name), T.removeGroupText, T.remove, T.cancel)) return;
            try {
                await remove(`/api/groups/${g.id}`);
                say(T.removed(g.name));
                element.remove();
            } catch (error) { uploads.append(problem(error)); }
        };
        const element = h('li', { class: 'card row spread' }, h('span', {}, h('a', { href: `#/group/${g.id}` }, h('strong', {}, g.name)), ' ',
            h('span', { class: 'soft' }, T.source[g.source] ?? g.source, g.scans ? `, ${T.scans(g.scans)}` : '')),
        g.source === 'folder' ? null : h('button', { type: 'button', class: 'quiet', 'aria-label': T.removeTitle(g.name).replace('?', ''), onclick: drop }, T.remove));
        return element;
    }
    put(main, h('div', { class: 'fields' }, field(T.groupName, name)), zone, uploads,
        h('section', {}, h('h2', {}, T.groups), h('p', { class: 'soft' }, T.groupsNote),
            groups.length === 0 ? h('p', {}, T.noGroups) : h('ul', { class: 'plain cards' }, groups.map((g) =>
                line(g)))));
    main.className = 'home';
    return () => leave.abort();
}
