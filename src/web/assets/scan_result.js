// The result of one scan: verdict, scan with labels, volumes, norms, versions, files. The same page is the printed report.
import { get, post, putTo, remove, fileUrl } from './api.js';
import { ask, choice, field, h, put } from './dom.js';
import { bytes, when } from './format.js';
import { copyButton, problem } from './parts.js';
import { correction } from './correct.js';
import { normSection } from './norms.js';
import { optionsCard } from './options.js';
import { verdict } from './verdict.js';
import { viewerPanel } from './viewer_panel.js';
import { volumeTable } from './volumes.js';
import T from './texts.js';

/** Age and sex, which may be given later: norms need them. */
function person(job, changed) {
    const age = h('input', { type: 'number', min: 0, max: 120, step: 'any', inputmode: 'decimal', value: job.age ?? '', class: 'short' });
    const sex = choice([['', T.sexUnknown], ['female', T.female], ['male', T.male]], job.sex ?? '');
    const send = async () => {
        try {
            await putTo(`/api/jobs/${job.id}/person`, { age: age.value === '' ? null : Number(age.value), sex: sex.value || null });
            changed();
        } catch (error) { changed(error); }
    };
    age.addEventListener('change', send);
    sex.addEventListener('change', send);
    return h('div', { class: 'fields person' }, field(T.age, age), field(T.sex, sex));
}

function versionsSection(data, open) {
    const rows = data.versions.slice().sort((a, b) => b.number - a.number).map((v) => h('li', { class: v.number === data.version ? 'current' : null },
        h('button', { type: 'button', class: 'quiet', disabled: v.number === data.version, onclick: () => open(v.number) }, T.version(v.number)), ' ',
        v.by === 'dien' ? h('span', { class: 'soft' }, `${T.versionFirst}, ${when(v.when)}`) : T.correctedNote(v.who, when(v.when), v.why)));
    return h('section', { class: 'versions' }, h('h2', {}, T.versions), h('ul', { class: 'plain' }, rows));
}

function filesSection(data) {
    return h('details', { class: 'card screen' }, h('summary', {}, T.files), h('ul', { class: 'plain' }, data.files.map((file) =>
        h('li', {}, h('a', { href: fileUrl(data.job.id ?? data.job, file.name, data.version), download: file.name }, file.name), ' ',
            h('span', { class: 'soft' }, bytes(file.bytes))))));
}

function methodSection(data) {
    if (!data.method) return null;
    return h('details', { class: 'card method' }, h('summary', {}, T.method), h('p', {}, data.method), copyButton(() => data.method));
}

/** Which networks measured; one that is not dien's own is named with its licence. */
function networksLine(data) {
    const all = data.networks ?? [];
    const other = all.filter((n) => !n.own);
    const asked = data.job.settings?.model;
    if (other.length > 0) return h('p', { class: 'warn-text' }, T.measuredByImported(other.map((n) => `${n.name} (${n.licence || T.networkNoLicence})`).join(', ')));
    return asked && asked !== 'hypothalamus' ? h('p', { class: 'warn-text' }, T.measuredBy(asked)) : null;
}

/** The same scan once more, as a scan of its own: by another network, or other structures. */
function againSection(job, server, fail) {
    return optionsCard(T.onceMore, T.onceMoreNote, server, job.settings, (of) => h('button', {
        type: 'button', async onclick() {
            try { location.hash = `#/scan/${(await post('/api/jobs', { scan_of: job.id, ...of() })).id}`; } catch (error) { fail(error); }
        },
    }, T.measureOnceMore)).element;
}

/** Fills main; returns what ends it. */
export async function result(main, first, correcting, current) {
    let job = first;
    let panel = null;
    let paint = null;
    const trouble = h('div', {});
    const fail = (error) => put(trouble, problem(error));

    async function draw(version) {
        if (paint && !await paint.mayLeave()) return;
        const [data, server] = await Promise.all([get(`/api/jobs/${job.id}/result${version === undefined ? '' : `?version=${version}`}`), get('/api/about').catch(() => ({}))]);
        if (!current()) return;
        if (data.job && typeof data.job === 'object') job = data.job;
        panel?.close();
        paint?.close();
        paint = null;
        const picture = data.files.find((f) => f.name.endsWith('_qc.png'));
        const table = volumeTable(job, data, { show: (numbers, yes) => panel.show(numbers, yes), go: (numbers) => panel.go(numbers) });
        panel = viewerPanel(job, data, table);
        const newest = data.versions.every((v) => v.number <= data.version); // a review is of the volumes that count
        const version0 = data.versions.find((v) => v.number === data.version);
        const reopen = async (error) => { if (error) fail(error); else await refresh(data.version); };
        const tools = h('div', {});
        put(main,
            h('div', { class: 'row spread head' },
                h('div', {}, h('h1', {}, job.name), h('p', { class: 'soft' }, T.notForDiagnosis,
                    version0?.by === 'hand' ? h('strong', { class: 'corrected' }, ` ${T.version(data.version)}. ${T.correctedNote(version0.who, when(version0.when), version0.why)}.`) : null),
                networksLine(data)),
                person(job, reopen),
                h('div', { class: 'row screen' },
                    correcting ? null : h('a', { class: 'button', href: `#/scan/${job.id}/correct`, id: 'correct' }, T.correct),
                    h('a', { class: 'button primary', href: `/api/jobs/${job.id}/zip?version=${data.version}`, download: `${job.name}${version0?.by === 'hand' ? `_v${data.version}` : ''}.zip` }, T.zip),
                    h('button', { type: 'button', onclick: () => print() }, T.print),
                    h('button', { type: 'button', class: 'quiet', onclick: drop }, T.remove))),
            trouble,
            verdict(newest ? job : { ...job, review: null }, data, newest ? async (review) => {
                try { job = (await putTo(`/api/jobs/${job.id}/review?version=${data.version}`, review)) ?? job; await refresh(data.version); } catch (error) { fail(error); }
            } : null),
            h('div', { class: 'split' },
                h('div', { class: 'pictures' }, h('section', { class: 'screen', 'aria-label': T.viewer }, panel.element), normSection(job, data)),
                h('section', { class: 'numbers' }, tools, h('h2', {}, T.volumes), table.element,
                    h('p', { class: 'soft small' }, T.volumesNote))),
            versionsSection(data, (n) => draw(n).catch(fail)),
            methodSection(data), filesSection(data), againSection(job, server, fail),
            picture ? h('figure', { class: 'paper' }, h('img', { src: fileUrl(job.id, picture.name, data.version), alt: T.pictureOf(job.name) }),
                h('figcaption', { class: 'soft' }, T.picture, ' ', T.radiological)) : null);
        const start = async () => {
            paint = correction(panel, job, data, {
                saved: async (next) => { location.hash = `#/scan/${job.id}`; correcting = false; await draw(next.version); },
                left: () => { location.hash = `#/scan/${job.id}`; },
                undone: fail,
            });
            put(tools, paint.element);
            const own = data.labels.filter((l) => /^hypothalamus/.test(l.structure)).map((l) => l.index);
            panel.go(own.length > 0 ? own : data.labels.map((l) => l.index));
        };
        panel.open().then(async (ok) => {
            if (ok && correcting && current()) await start();
            if (!ok) document.getElementById('correct')?.remove(); // nothing to paint on
        });
    }
    async function refresh(version) {
        const at = scrollY;
        await draw(version);
        scrollTo(0, at);
    }
    async function drop() {
        if (!await ask(T.removeTitle(job.name), T.removeText, T.remove, T.cancel)) return;
        try { await remove(`/api/jobs/${job.id}`); location.hash = '#/'; } catch (error) { fail(error); }
    }
    // On paper stands what the planes show now; the picture of the program where they cannot be shown.
    const onPaper = () => {
        const image = main.querySelector('figure.paper img');
        if (image && panel?.viewer && panel.canvas.offsetWidth > 0) image.src = panel.viewer.picture();
    };
    addEventListener('beforeprint', onPaper);
    await draw();
    const end = () => { removeEventListener('beforeprint', onPaper); paint?.close(); panel?.close(); };
    end.mayLeave = async () => !paint || paint.mayLeave();
    return end;
}
