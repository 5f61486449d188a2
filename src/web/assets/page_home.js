// The first page: drop a scan, or open one that is there.
import { get, post, remove, Failure } from './api.js';
import { ask, choice, field, h, put, say } from './dom.js';
import { dropZone, scansOf } from './drop.js';
import { when } from './format.js';
import { listen } from './live.js';
import { askOptions } from './options.js';
import { problem, progress, stateMark } from './parts.js';
import { upload } from './upload.js';
import T from './texts.js';

const busyNow = (job) => job.state === 'running' || job.state === 'queued';

/** Age, sex and what to measure for the next scans. Age and sex are not kept: they belong to one person. */
function options(about) {
    const age = h('input', { type: 'number', min: 0, max: 120, step: 'any', inputmode: 'decimal' });
    const sex = choice([['', T.sexUnknown], ['female', T.female], ['male', T.male]], '');
    const set = askOptions(about, {}, true);
    return {
        element: h('details', { class: 'card', ontoggle: (event) => { if (event.target.open) set.load(); } }, h('summary', {}, T.options),
            h('div', { class: 'fields' }, field(T.age, age), field(T.sex, sex), set.fields), h('p', { class: 'soft small' }, T.personNote), set.card),
        of(single) {
            const out = set.of();
            if (single && age.value !== '') out.age = Number(age.value);
            if (single && sex.value) out.sex = sex.value;
            return out;
        },
    };
}

/** Uploads scans one after another, each with a line of its own, and starts their jobs. Returns the jobs. */
export async function uploadAll(scans, place, optionsOf, signal) {
    const jobs = [];
    const problems = [];
    for (const scan of scans) {
        const line = progress();
        const stop = new AbortController();
        const end = () => stop.abort();
        signal?.addEventListener('abort', end);
        const card = h('div', { class: 'card upload' }, h('div', { class: 'row spread' }, h('strong', {}, scan.name),
            h('button', { type: 'button', onclick: end }, T.cancel)), line.element);
        put(place, problems, card);
        try {
            const id = await upload(scan.files, (part) => line.upload(part, scan.name), stop.signal);
            jobs.push(await post('/api/jobs', { upload: id, name: scan.name, ...optionsOf(scans.length === 1) }));
        } catch (error) {
            if (error.name !== 'AbortError') problems.push(problem(new Failure(error.status, `${scan.name}: ${error.message}`, error.remedy)));
        }
        signal?.removeEventListener('abort', end);
    }
    put(place, problems);
    jobs.failed = problems.length;
    return jobs;
}

/** Puts them into a group and goes there; where some could not be uploaded, the reasons stay on the page, with a link. */
export async function groupOf(jobs, name, place, current) {
    try {
        const group = await post('/api/groups', { name, jobs: jobs.map((j) => j.id) });
        const address = `#/group/${group.id}`;
        if (jobs.failed > 0) place.append(h('p', {}, h('a', { class: 'button', href: address }, name)));
        else if (current()) location.hash = address;
    } catch (error) { place.append(problem(error)); }
}

export async function show(main, _parts, current) {
    const leave = new AbortController();
    const [about, first] = await Promise.all([get('/api/about'), get('/api/jobs')]);
    if (!current()) return null;
    const jobs = new Map(first.jobs.map((job) => [job.id, job]));
    const marked = new Set();
    const uploads = h('div', { 'aria-live': 'polite' });
    const set = options(about);

    const zone = dropZone(async (files, tell) => {
        const { scans, left } = await scansOf(files);
        tell(scans.length === 0 ? T.noScans(left.length, left[0]) : left.length > 0 ? T.leftOut(left.length, left[0]) : '', scans.length === 0);
        if (scans.length === 0) return;
        const started = await uploadAll(scans, uploads, set.of, leave.signal);
        if (started.length === 1 && scans.length === 1 && current()) location.hash = `#/scan/${started[0].id}`;
        if (started.length > 1) await groupOf(started, T.newGroup(started.length), uploads, current);
    }, {
        extra: h('button', {
            type: 'button', async onclick() {
                try { location.hash = `#/scan/${(await post('/api/jobs', { demo: true })).id}`; } catch (error) { put(uploads, problem(error)); }
            },
        }, T.demo),
    });

    const list = h('div', {});
    const groupButton = h('button', {
        type: 'button', disabled: true, async onclick() {
            await groupOf(done().map((id) => ({ id })), T.newGroup(done().length), uploads, current);
        },
    }, T.makeGroup);
    const removeButton = h('button', { type: 'button', class: 'quiet', hidden: true, onclick: dropMarked }, T.removeMarked);
    const done = () => [...marked].filter((id) => jobs.get(id)?.state === 'done');
    const mark = () => {
        groupButton.disabled = done().length < 2;
        removeButton.hidden = marked.size === 0;
    };

    const rows = new Map();
    function row(job) {
        const bar = progress();
        const box = h('input', {
            type: 'checkbox', 'aria-label': T.mark(job.name), disabled: busyNow(job), checked: marked.has(job.id),
            onchange: () => { if (box.checked) marked.add(job.id); else marked.delete(job.id); mark(); },
        });
        const state = h('td', {});
        const measured = h('td', { class: 'wide-only' });
        const actions = h('td', { class: 'actions' });
        const element = h('tr', {}, h('td', {}, box), h('td', { class: 'name' }, h('a', { href: `#/scan/${job.id}` }, job.name)), state, measured, actions);
        return {
            element, box,
            update(now) {
                const busy = busyNow(now);
                box.disabled = busy;
                if (busy) bar.update(now);
                if (busy) { if (bar.element.parentNode !== state) put(state, bar.element); } else put(state, stateMark(now));
                put(measured, when(now.finished || now.created));
                const stopped = now.state === 'failed' || now.state === 'cancelled';
                put(actions, stopped ? h('button', {
                    type: 'button', class: 'quiet', 'aria-label': `${T.measureAgain}: ${now.name}`, onclick: () => post(`/api/jobs/${now.id}/again`, {}).catch((e) => put(uploads, problem(e))),
                }, T.measureAgain) : null, busy
                    ? h('button', { type: 'button', onclick: () => post(`/api/jobs/${now.id}/cancel`).catch((e) => put(uploads, problem(e))) }, T.cancel)
                    : h('button', { type: 'button', class: 'quiet', 'aria-label': T.removeTitle(now.name).replace('?', ''), onclick: () => drop(now) }, T.remove));
            },
        };
    }
    async function drop(job) {
        if (!await ask(T.removeTitle(job.name), T.removeText, T.remove, T.cancel)) return;
        try {
            await remove(`/api/jobs/${job.id}`);
            jobs.delete(job.id);
            marked.delete(job.id);
            mark();
            say(T.removed(job.name));
            draw();
        } catch (error) { put(uploads, problem(error)); }
    }
    async function dropMarked() {
        if (!await ask(T.removeMany(marked.size), T.removeText, T.remove, T.cancel)) return;
        const gone = [];
        try {
            for (const id of marked) { await remove(`/api/jobs/${id}`); gone.push(id); }
        } catch (error) { put(uploads, problem(error)); }
        for (const id of gone) { jobs.delete(id); marked.delete(id); }
        say(T.removedMany(gone.length));
        mark();
        draw();
    }
    function draw() {
        const all = [...jobs.values()].sort((a, b) => b.number - a.number);
        if (all.length === 0) {
            put(list, h('p', { class: 'soft' }, T.noRecent));
            return;
        }
        rows.clear();
        for (const job of all) { const r = row(job); r.update(job); rows.set(job.id, r); }
        const everything = h('input', {
            type: 'checkbox', 'aria-label': T.markAll, onchange: () => {
                for (const job of jobs.values()) {
                    if (busyNow(job)) continue;
                    if (everything.checked) marked.add(job.id); else marked.delete(job.id);
                    rows.get(job.id).box.checked = everything.checked;
                }
                mark();
            },
        });
        put(list, h('div', { class: 'scroll' }, h('table', { class: 'list' },
            h('thead', {}, h('tr', {}, h('th', {}, everything), h('th', { scope: 'col' }, T.column.name), h('th', { scope: 'col' }, T.column.state),
                h('th', { scope: 'col', class: 'wide-only' }, T.column.when), h('th', {}, h('span', { class: 'unseen' }, T.column.actions)))),
            h('tbody', {}, [...rows.values()].map((r) => r.element)))));
    }
    draw();
    put(main, zone, uploads, set.element, h('section', { 'aria-label': T.recent },
        h('div', { class: 'row spread' }, h('h2', {}, T.recent), h('div', { class: 'row' }, removeButton, groupButton)), list,
        about.keep_days ? h('p', { class: 'soft small' }, T.keptDays(about.keep_days)) : null));
    main.className = 'home';

    const end = listen('job', (job) => {
        const known = jobs.has(job.id);
        jobs.set(job.id, job);
        if (known && rows.has(job.id)) rows.get(job.id).update(job); else draw();
    });
    const gone = listen('deleted', ({ id }) => {
        if (!jobs.delete(id)) return; // in this tab
        marked.delete(id);
        mark();
        draw();
    });
    const again = listen('open', async () => {
        const now = await get('/api/jobs').catch(() => null);
        if (now) { jobs.clear(); for (const job of now.jobs) jobs.set(job.id, job); draw(); }
    });
    return () => { end(); gone(); again(); leave.abort(); };
}
